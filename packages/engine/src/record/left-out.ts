import { normal } from '../define/command-line.ts'
import type { Pipeline } from '../define/pipeline.ts'
import { definition } from '../define/step.ts'
import type { LeftOut, Snapshot } from './snapshot.ts'

/** Paths of all outs of a pipeline, normal. */
function outPathsOf({ steps }: Pipeline): Set<string> {
  const outs = [...steps.values()].flatMap((step) => Object.values(definition(step).outs))
  return new Set(outs.map(({ path }) => normal(path)))
}

/** What steps made last, as far as the state tells: those that are gone, too. */
export function lastOuts({ steps }: Pick<Snapshot, 'steps'>): LeftOut[] {
  return Object.entries(steps).flatMap(([step, { entries }]) =>
    Object.values(entries[0]?.outputs.outs ?? {}).map((out) => ({ step, out })),
  )
}

/** What steps left that were removed, or renamed, or write elsewhere now. By path; it need not be there still. */
export function leftOuts(
  { steps, left = [], released = [] }: Snapshot,
  pipeline: Pipeline,
): LeftOut[] {
  const made = outPathsOf(pipeline)
  const found = new Map<string, LeftOut>()
  for (const each of [...left, ...lastOuts({ steps })]) found.set(normal(each.out.path), each)
  return [...found]
    .filter(([path]) => !made.has(path) && !released.includes(path))
    .map(([, each]) => each)
}

/** What is kept of that after a run: as long as it is there, and no step makes it again. */
export function leftAfter(
  before: Snapshot,
  pipeline: Pipeline,
  isThere: (path: string) => boolean,
): Required<Pick<Snapshot, 'left' | 'released'>> {
  const made = outPathsOf(pipeline)
  return {
    left: leftOuts(before, pipeline).filter(({ out }) => isThere(out.path)),
    released: (before.released ?? []).filter((path) => !made.has(path)),
  }
}
