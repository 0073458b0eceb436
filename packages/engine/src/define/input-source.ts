import { shownUrl } from './shown-url.ts'
import { definition, type Input, type Step } from './step.ts'

/** An input as a person sees it. */
export interface InputRecord {
  readonly name: string
  /** `file data/hour.csv`, `env REGION`, `clean`, `split.train`. */
  readonly source: string
  readonly digest?: string
  readonly about?: string
}

/** A step's inputs as declared, where nothing is known of their content. */
export function declaredInputs(step: Step, nameOf: (step: Step) => string): InputRecord[] {
  return Object.entries(definition(step).inputs).map(([name, handle]) => {
    return { name, source: sourceOf(handle, nameOf) }
  })
}

/** Where an input comes from, for people. */
export function sourceOf(handle: Input, nameOf: (step: Step) => string): string {
  switch (handle.kind) {
    case 'file':
    case 'dir':
      return `${handle.kind} ${handle.path}`
    case 'any':
      return handle.path
    case 'glob':
      return `glob ${handle.patterns.join(' ')}`
    case 'url':
      return shownUrl(handle.url)
    case 'env':
    case 'secret':
      return `${handle.kind} ${handle.name}`
    case 'step':
      return nameOf(handle)
    case 'pick':
      return `${nameOf(handle.step)}.${handle.field}`
    case 'out':
      return `${nameOf(handle.step)}:${handle.name}`
  }
}
