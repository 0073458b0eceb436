/** A text that stands for the code of a step. */
export interface Pinned {
  readonly kind: 'pinned'
  readonly text: string
}

/**
 * Takes the place of the analysis of a step's code: the step reruns for its code when `text` changes,
 * and for nothing else about it, not even for what modules do while they are loaded. You answer for it.
 */
export function pinned(text: string): Pinned {
  if (typeof text !== 'string' || text === '') {
    const got = text === '' ? 'an empty one' : typeof text
    throw new TypeError(`Expected \`text\` of pinned() to be a non-empty string, got ${got}`)
  }
  return { kind: 'pinned', text }
}
