import { codeOf, StepwellError } from '@stepwell/base/errors'
import { isMissing } from '@stepwell/base/files'
import { readLink } from './directory.ts'

/**
 * Part of an input that is named in the project and cannot be read. To leave it out would be to succeed on
 * part of the data.
 *
 * @param name as people know it
 * @param what it should be
 */
export function unreachable(
  name: string,
  absolute: string,
  cause: unknown,
  what: 'file' | 'directory',
): StepwellError {
  const target = targetOf(absolute)
  const code = codeOf(cause) ?? 'unknown reason'
  if (target !== undefined && (isMissing(cause) || code === 'ELOOP')) {
    return new StepwellError({
      code: 'STEPWELL_INPUT_MISSING',
      summary: `the input \`${name}\` is a symbolic link that leads to nothing`,
      details: code === 'ELOOP' ? `links lead in a circle, by ${target}` : `it leads to ${target}`,
      hint: 'mount or fetch what it leads to, remove it, or declare the input with { followLinks: false }',
      cause,
    })
  }
  const subject = `the ${what === 'file' ? 'input file' : 'directory'} \`${name}\``
  return new StepwellError({
    code: 'STEPWELL_INPUT_MISSING',
    summary: `${subject} ${isMissing(cause) ? 'does not exist' : 'cannot be read'}`,
    ...(!isMissing(cause) && { details: code }),
    hint: isMissing(cause)
      ? 'create it, or correct the path, which is relative to the project directory'
      : 'check its permissions, and the disk that it is on',
    cause,
  })
}

/** Part of an input that has no place in one. */
export function unfit(name: string, facts: string, todo = 'rename or remove it'): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_INPUT_TREE',
    summary: `\`${name}\` cannot be part of a directory that Stepwell keeps track of`,
    details: facts,
    hint: todo,
  })
}

function targetOf(absolute: string): string | undefined {
  try {
    const { target, escaped } = readLink(absolute)
    return escaped ?? target
  } catch {
    return undefined
  }
}
