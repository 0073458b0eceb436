import type { Reason } from './reason.ts'

/** What a person should know that has happened to their files. */
export function warningOf(step: string, problem: Reason): string | undefined {
  switch (problem.kind) {
    case 'artifact':
      return `the stored ${problem.output} of step \`${step}\` is ${problem.problem}; it is made again`
    case 'restored':
      if (problem.aside === undefined) return undefined
      return `what was at ${problem.path} is not of step \`${step}\`: it has been replaced, and is now ${problem.aside}`
    case 'kept-edit':
      return `${problem.path} is not as step \`${step}\` left it; it was edited, and is kept so`
    case 'touched':
      return `${problem.source} was touched while step \`${step}\` was using it; what the step made is in the project, but not kept in the cache: run again while nothing changes it`
    default:
      return undefined
  }
}
