import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { StepwellError } from './errors.ts'
import type { Pipeline } from './pipeline.ts'
import { definition, type Step } from './step.ts'
import { isWithin } from './store/paths.ts'

const STATE = '.stepwell'

/** A path that a step claims or reads, and where it says so. */
interface Claim {
  /** Normal, relative to the project, as written. */
  readonly path: string
  /** Absolute, symbolic links resolved as far as there is something. */
  readonly real: string
  readonly where: string
  readonly step: Step
}

/**
 * Checks that each out has a place of its own inside the project, before anything runs.
 *
 * @throws StepwellError STEPWELL_OUT_PATH for a path outside of the project; STEPWELL_OUT_CLASH where
 *   two steps claim one place, or a step claims what another one declares as a file of the project.
 */
export function checkOuts(pipeline: Pipeline, dir: string): void {
  const { steps } = pipeline
  // Where nothing is claimed, links need not be resolved.
  if (outPaths(pipeline).length === 0) return
  // Many are in one directory.
  const reals = new Map<string, string>()
  const outs: Claim[] = []
  const inputs: Claim[] = []
  for (const [name, step] of steps) {
    const defined = definition(step)
    for (const [out, { path }] of Object.entries(defined.outs)) {
      const normal = normalPath(path)
      // A link at the very place of an out is replaced by it.
      const real = join(realOf(join(dir, posix.dirname(normal)), reals), posix.basename(normal))
      const where = `out \`${out}\` of step \`${name}\``
      outs.push(checkInside({ path: normal, real, where, step }))
    }
    const besides = defined.dependsOn.map((handle) => [undefined, handle] as const)
    for (const [input, handle] of [...Object.entries(defined.inputs), ...besides]) {
      const what = input === undefined ? '`dependsOn`' : `input \`${input}\``
      const where = `${what} of step \`${name}\``
      if (handle.kind !== 'file' && handle.kind !== 'dir' && handle.kind !== 'any') continue
      const path = normalPath(handle.path)
      inputs.push({ path, real: realOf(join(dir, path), reals), where, step })
    }
  }
  const sorted = outs.toSorted(byPath)
  const place = places(sorted)
  for (const out of sorted) {
    const other = place.above(out)
    if (other !== undefined) throw clash(other, out, 'give each of them a path of its own')
  }
  for (const input of inputs) {
    const other = place.above(input) ?? place.below(input)
    // Who says that it comes after that step has thought of it.
    if (other !== undefined && !definition(input.step).after.includes(other.step)) {
      throw clash(
        other,
        input,
        "read it by the step's handle: `step.out('name')`, or come `after` that step",
      )
    }
  }

  function checkInside(out: Claim): Claim {
    const outside = (facts: string) =>
      new StepwellError({
        code: 'STEPWELL_OUT_PATH',
        what: `${out.where} cannot be at ${JSON.stringify(out.path)}`,
        facts,
        todo: 'name a path inside the project directory',
      })
    if (posix.isAbsolute(out.path) || /^[A-Za-z]:/.test(out.path)) throw outside('it is absolute')
    if (out.path === '..' || out.path.startsWith('../')) throw outside('it leads outside')
    if (out.path === '.') throw outside('it is the project directory itself')
    if (!isWithin(dir, out.real)) throw outside(`a symbolic link leads outside, to ${out.real}`)
    if ([out.path, relative(dir, out.real)].some((path) => path.split(/[\\/]/).includes(STATE)))
      throw outside(`${STATE} is where Stepwell keeps its own`)
    return out
  }
}

/** The paths of all outs, normal, relative to the project. */
export function outPaths({ steps }: Pipeline): string[] {
  return [...steps.values()].flatMap((step) =>
    Object.values(definition(step).outs).map(({ path }) => normalPath(path)),
  )
}

function normalPath(path: string): string {
  return posix.normalize(path).replace(/\/$/, '')
}

/** Looks paths up among the outs, as a file system would that tells no upper from lower case. */
function places(sorted: readonly Claim[]): {
  above(claim: Claim): Claim | undefined
  below(claim: Claim): Claim | undefined
} {
  const byReal = new Map<string, Claim>()
  const inside = new Map<string, Claim>()
  for (const out of sorted) {
    const key = out.real.toLowerCase()
    if (!byReal.has(key)) byReal.set(key, out)
    for (const parent of parentsOf(key)) inside.set(parent, out)
  }
  return {
    above: (claim) => {
      const key = claim.real.toLowerCase()
      return [key, ...parentsOf(key)]
        .map((path) => byReal.get(path))
        .find((found) => found !== undefined && found !== claim)
    },
    below: (claim) => inside.get(claim.real.toLowerCase()),
  }
}

function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) parents.push(at)
  return parents
}

/** The path with the links in it resolved that there are; what is not there yet is taken as written. */
function realOf(path: string, known: Map<string, string>): string {
  const real = known.get(path) ?? findReal(path, known)
  known.set(path, real)
  return real
}

function findReal(path: string, known: Map<string, string>): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(realOf(parent, known), path.slice(parent.length))
}

function byPath(a: Claim, b: Claim): number {
  return a.real < b.real ? -1 : 1
}

function clash(one: Claim, other: Claim, todo: string): StepwellError {
  const same = one.real === other.real
  return new StepwellError({
    code: 'STEPWELL_OUT_CLASH',
    what: `${one.where} and ${other.where} ${same ? 'are at the same path' : 'are one inside the other'}`,
    facts: same ? one.path : `${one.path} and ${other.path}`,
    todo,
  })
}
