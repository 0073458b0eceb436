import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'

// What the operating system says where LevelDB asks it for nonsense: a bit of a name in `CURRENT` has
// flipped, or one of an offset in a table. A name with a zero byte cuts the message short after the
// directory.
const NONSENSE =
  /(: (No such file or directory|Is a directory|Not a directory|File name too long|Invalid argument|truncated block read)|\/)$/

/**
 * Whether LevelDB failed because what it stored is not as it was written, and not for want of room,
 * permissions or the like.
 */
export function isDamage(error: unknown): boolean {
  if (error instanceof StepwellError) return false
  const code = causeOf(error)
  if (code === 'LEVEL_CORRUPTION') return true
  if (code !== 'LEVEL_IO_ERROR' || !(error instanceof Error)) return false
  const text = messageOf(error.cause ?? error)
  // The name of the lock file is not read from anywhere: there is something wrong with the directory.
  return NONSENSE.test(text) && !/LOCK: [^:]*$/.test(text)
}

/** The code of what LevelDB said. */
export function causeOf(error: unknown): string | undefined {
  return error instanceof Error ? (codeOf(error.cause) ?? codeOf(error)) : undefined
}
