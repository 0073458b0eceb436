/**
 * Runs the pipelines of many small projects, one after the other, in a process of its own: what a
 * person does with `stepwell run` after each edit, without the cost of a process for each of them.
 * Reads `Assignment[]` as JSON from the file named by its argument, writes `Outcome[]` beside it, as `node:v8` serializes it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { serialize } from 'node:v8'
import { definition, Step, type Input, type Inputs } from '../../src/define/step.ts'
import { openEngine, type Pipeline, type RunRecord } from '../../src/index.ts'
import { MemoryArtifacts } from '../../src/testing/memory-artifacts.ts'
import { MemoryStepCache } from '../../src/testing/memory-step-cache.ts'

export interface Assignment {
  readonly dir: string
  /** The module to import; its default export is a pipeline or several. */
  readonly entry: string
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * `truth`: all steps are executed, and neither is their code looked at nor anything kept; `planned`: what
   * a plan says is told, too. @default a run as usual
   */
  readonly as?: 'truth' | 'planned'
  /** A file that is another one while a step runs: from the first time that the step tells to the second. */
  readonly meddling?: { readonly step: string; readonly path: string; readonly text: string }
}

export interface Outcome {
  /** By step, or by `pipeline/step` where there are several pipelines. */
  readonly statuses: Readonly<Record<string, string>>
  readonly reasons: Readonly<Record<string, readonly string[]>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly warnings: readonly string[]
  /** By step, what the plan before the run said, where it was asked for. */
  readonly decisions?: Readonly<Record<string, string>>
  readonly error?: string
  /** What it took, in milliseconds of a processor. */
  readonly cpu: number
}

const [list = ''] = process.argv.slice(2)
const outcomes: Outcome[] = []
for (const assignment of JSON.parse(readFileSync(list, 'utf8')) as Assignment[]) {
  const before = process.cpuUsage()
  const outcome = await carryOut(assignment)
  const { user, system } = process.cpuUsage(before)
  outcomes.push({ ...outcome, cpu: (user + system) / 1000 })
}
// What a step returns need not be JSON.
writeFileSync(`${list}.outcomes`, serialize(outcomes))

async function carryOut({
  dir,
  entry,
  env,
  as,
  meddling,
}: Assignment): Promise<Omit<Outcome, 'cpu'>> {
  const statuses: Record<string, string> = {}
  const reasons: Record<string, string[]> = {}
  const outputs: Record<string, unknown> = {}
  const warnings: string[] = []
  let decisions: Record<string, string> | undefined
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  forgetOthers()
  process.chdir(dir)
  try {
    const module = (await import(pathToFileURL(join(dir, entry)).href)) as {
      default: Pipeline | Pipeline[]
    }
    const several = Array.isArray(module.default)
    const isTruth = as === 'truth'
    const ports = isTruth && { artifacts: new MemoryArtifacts(), cache: new MemoryStepCache() }
    // Steps that share what they should not are executed in one order.
    await using engine = await openEngine({
      dir,
      ...(as !== undefined && { concurrency: 1 }),
      ...ports,
    })
    for (const given of [module.default].flat()) {
      const pipeline = isTruth ? unlooked(given) : given
      if (as === 'planned') {
        const { steps } = await engine.plan(pipeline)
        decisions = Object.fromEntries(steps.map(({ name, decision }) => [name, decision]))
      }
      if (meddling !== undefined) meddle(meddling)
      const run = engine.run(pipeline, as === undefined ? {} : { onFailure: 'continue' })
      const record: RunRecord = await run.result
      warnings.push(...record.warnings)
      for (const step of Object.values(record.steps)) {
        const name = several ? `${pipeline.name}/${step.name}` : step.name
        statuses[name] = step.status
        reasons[name] = step.reasons.map(({ kind }) => kind)
        if (step.error !== undefined) outputs[name] = step.error.message
        else if (['succeeded', 'cached'].includes(step.status)) {
          outputs[name] = await run.value(pipeline.steps.get(step.name) as Step)
        }
      }
    }
    return { statuses, reasons, outputs, warnings, ...(decisions !== undefined && { decisions }) }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { statuses, reasons, outputs, warnings, error: text }
  }
}

/** What lives as long as the process does is not left over from another project. */
function forgetOthers(): void {
  const kept = globalThis as Record<string, unknown>
  delete kept['stepwellShared']
  delete kept['stepwellMeddle']
  delete process.env['STEPWELL_SHARED']
  Reflect.deleteProperty(Array, 'stepwellFuzz')
}

/** The same steps, of whose code nothing is looked at. */
function unlooked(pipeline: Pipeline): Pipeline {
  const copies = new Map<Step, Step>()
  const copy = (step: Step): Step => {
    const known = copies.get(step)
    if (known !== undefined) return known
    const { inputs, after, work, ...rest } = definition(step)
    const made = new Step({
      ...rest,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [name, copyInput(input)]),
      ) as Inputs,
      after: after.map(copy),
      work: 'pin' in work ? { ...work, pin: 'not looked at' } : work,
    })
    copies.set(step, made)
    return made
  }
  const copyInput = (input: Input): Input => {
    if (input.kind === 'step') return copy(input)
    return input.kind === 'pick' || input.kind === 'out'
      ? { ...input, step: copy(input.step) }
      : input
  }
  const steps = new Map([...pipeline.steps].map(([name, step]) => [name, copy(step)]))
  return { ...pipeline, steps, options: { ...pipeline.options, sources: [] } }
}

/** A step tells by `stepwellMeddle` when it begins, and when it is about to end. */
function meddle({ step, path, text }: NonNullable<Assignment['meddling']>): void {
  let before: Buffer | undefined
  const hooks = globalThis as { stepwellMeddle?: (from: string) => void }
  hooks.stepwellMeddle = (from) => {
    if (from !== step) return
    if (before === undefined) {
      before = readFileSync(path)
      writeFileSync(path, text)
    } else {
      writeFileSync(path, before)
      delete hooks.stepwellMeddle
    }
  }
}
