import type { Reason } from './reason.ts'

/** What a person should know that has happened to their files. */
export function warningOf(step: string, problem: Reason): string | undefined {
  switch (problem.kind) {
    case 'artifact':
      return `the stored ${problem.output} of step \`${step}\` is ${problem.problem}; it is made again`
    case 'restored':
      if (problem.aside === undefined) return undefined
      return `${problem.path} was not produced by step \`${step}\`; moved to ${problem.aside} and replaced`
    case 'kept-edit':
      return `${problem.path} was edited since step \`${step}\` wrote it; keeping the edit`
    case 'touched':
      // Of an earlier run it is why the step is executed now, and was said then.
      if (problem.run !== undefined) return undefined
      return `${problem.source} was touched while step \`${step}\` was using it; the step's outputs are in the project, but not kept in the cache: run again while nothing changes it`
    default:
      return undefined
  }
}
