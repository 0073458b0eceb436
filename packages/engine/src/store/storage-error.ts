import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT'])
const TROUBLE = new Set([...NO_ROOM, 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE'])

/** Whether there is no room left on a disk. */
export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has(codeOf(error) ?? '')
}

/** For what can be done without: it is not done where the file system says no. */
export function ignoreTrouble(error: unknown): void {
  if (!TROUBLE.has(codeOf(error) ?? '')) throw error
}

/** What the file system said, as an error that says what to do; any other error as it is. */
export function explainTrouble(error: unknown, root: string): unknown {
  if (error instanceof StepwellError || !TROUBLE.has(codeOf(error) ?? '')) return error
  return new StepwellError({
    code: 'STEPWELL_STATE',
    summary: `${root} cannot be read or written`,
    details: messageOf(error),
    hint: `${isNoRoom(error) ? 'make room on the disk' : 'check the permissions and the disk'}, and run again: what has succeeded is kept`,
    cause: error,
  })
}
