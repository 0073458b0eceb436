import type { FingerprintInput } from '../identity/fingerprint.ts'
import type { ToCome } from './plan.ts'
import type { Ingredients } from '../identity/reason.ts'
import { definition, type Input, type Step } from '../define/step.ts'

export interface FoundPending extends ToCome {
  /** The steps that make it, and addresses that are still to be asked. */
  readonly makers: ReadonlySet<string>
  /** Where it comes from, as records of inputs say it. */
  readonly sources: ReadonlySet<string>
}

/**
 * What a step reads, or depends on, that steps before it are still to make.
 *
 * @param makerOf the step, or the address, that is still to give what a handle stands for
 * @param makersAt those that are still to make something at a path
 */
export function findPending(
  step: Step,
  { sources: from, fingerprint }: Ingredients,
  makerOf: (handle: Input) => string | undefined,
  makersAt: (path: string) => readonly string[],
): FoundPending {
  const [makers, sources] = [new Set<string>(), new Set<string>()]
  const [outputs, paths] = [new Set<string>(), new Set<string>()]
  for (const [name, handle] of Object.entries(definition(step).inputs)) {
    const source = from[name] ?? name
    const maker = makerOf(handle)
    if (maker !== undefined) {
      makers.add(maker)
      sources.add(source)
      outputs.add(source)
    }
    addPath(source, fingerprint.inputs[name])
  }
  for (const [source, part] of Object.entries(fingerprint.dependsOn ?? {})) addPath(source, part)
  return { makers, sources, outputs: [...outputs], paths: [...paths] }

  function addPath(source: string, part: FingerprintInput | undefined): void {
    if (part?.kind !== 'file' && part?.kind !== 'dir') return
    for (const maker of makersAt(part.path)) {
      makers.add(maker)
      sources.add(source)
      paths.add(part.path)
    }
  }
}
