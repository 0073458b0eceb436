/**
 * What counts of the symbolic links in a directory. Of those that stay inside it is their text, since what
 * they lead to has an entry of its own.
 *
 * - `input`: those that lead out count as what they lead to; one that leads to nothing is an error.
 * - `unfollowed`: of all, their text.
 * - `out`: of a directory that is stored: those that lead out are an error; inside, they may lead to nothing.
 * - `left`: of an out as it is in the project now: as `input`, but inside they may lead to nothing.
 */
export type TreeLinks = 'input' | 'unfollowed' | 'out' | 'left'
