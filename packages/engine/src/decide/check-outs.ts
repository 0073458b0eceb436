import { posix, relative } from 'node:path'
import { StepwellError } from '@stepwell/base/errors'
import { normalPath, type OutPlaces, type PlacedOut, type Position } from './out-paths.ts'
import type { Pipeline } from '../define/pipeline.ts'
import { definition } from '../define/step.ts'
import { isWithin, leadsOutside } from '@stepwell/base/paths'

const STATE = '.stepwell'

/** A path that a step claims or reads, and where it says so. */
interface Claim {
  readonly path: string
  readonly where: string
}

/**
 * Checks that each out has a place of its own inside the project, before anything runs.
 *
 * @param dir the project directory, symbolic links resolved
 * @throws StepwellError STEPWELL_OUT_PATH for a path outside of the project; STEPWELL_OUT_CLASH where
 *   two steps claim one place, or a step claims what another one declares as a file of the project.
 */
export function checkOuts({ steps }: Pipeline, places: OutPlaces, dir: string): void {
  if (places.outs.length === 0) return
  for (const out of places.outs) checkInside(out, dir)
  for (const out of places.outs) {
    const other = places.clashing(out)
    if (other === undefined) continue
    throw clash(claimOf(other[0]), claimOf(out), other[1], 'give each of them a path of its own')
  }
  for (const [name, step] of steps) {
    const { inputs, dependsOn, after } = definition(step)
    // A step that is declared to run `after` another one may read files that the other one writes.
    const before = new Set(after)
    const read = Object.entries(inputs).map(([input, handle]) => {
      return [`input \`${input}\``, handle] as const
    })
    const besides = dependsOn.map((handle) => ['`dependsOn`', handle] as const)
    for (const [what, handle] of [...read, ...besides]) {
      if (handle.kind !== 'file' && handle.kind !== 'dir' && handle.kind !== 'any') continue
      const touched = places.touching(handle.path).find(([out]) => !before.has(out.step))
      if (touched === undefined) continue
      throw clash(
        claimOf(touched[0]),
        { path: normalPath(handle.path), where: `${what} of step \`${name}\`` },
        touched[1],
        "read it by the step's handle: `step.out('name')`, or come `after` that step",
      )
    }
  }
}

function checkInside(out: PlacedOut, dir: string): void {
  const { path, real } = out
  const outside = (facts: string) =>
    new StepwellError({
      code: 'STEPWELL_OUT_PATH',
      summary: `${claimOf(out).where} cannot be at ${JSON.stringify(path)}`,
      details: facts,
      hint: 'name a path inside the project directory',
    })
  if (posix.isAbsolute(path) || /^[A-Za-z]:/.test(path)) throw outside('it is absolute')
  if (leadsOutside(path)) throw outside('it leads outside')
  if (path === '.') throw outside('it is the project directory itself')
  if (!isWithin({ path: real, dir })) throw outside(`a symbolic link leads outside, to ${real}`)
  if ([path, relative(dir, real)].some((each) => each.split(/[\\/]/).includes(STATE)))
    throw outside(`${STATE} is where Stepwell keeps its own`)
}

function claimOf({ path, name, stepName }: PlacedOut): Claim {
  return { path, where: `out \`${name}\` of step \`${stepName}\`` }
}

function clash(one: Claim, other: Claim, position: Position, todo: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_OUT_CLASH',
    summary: `${one.where} and ${other.where} ${position === 'at' ? 'are at the same path' : 'are one inside the other'}`,
    details: one.path === other.path ? one.path : `${one.path} and ${other.path}`,
    hint: todo,
  })
}
