import { StepwellError, type Engine } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { print, withEngine, type ProjectOptions } from './project.ts'

export interface LogsOptions extends ProjectOptions {
  readonly run?: string
}

/** Prints what a step logged: in a given run, or in the latest one in which it was executed. */
export async function logs(step: string, { run, ...options }: LogsOptions): Promise<ExitCode> {
  return await withEngine(options, async (engine) => {
    const id = run ?? (await latestExecution(engine, step))
    const { steps } = await engine.runRecord(id)
    if (!Object.hasOwn(steps, step)) throw unknown(`run ${id} has no step \`${step}\``)
    const log = await engine.log(id, step)
    if (log === undefined) process.stderr.write(`step ${step} logged nothing in run ${id}\n`)
    else {
      process.stderr.write(`log of step ${step} in run ${id}\n`)
      print(log)
    }
    return EXIT.ok
  })
}

async function latestExecution(engine: Engine, step: string): Promise<string> {
  for (const id of await engine.runIds()) {
    const { steps } = await engine.runRecord(id)
    const status = Object.hasOwn(steps, step) ? steps[step]?.status : undefined
    if (status !== undefined && !['cached', 'skipped', 'waiting'].includes(status)) return id
  }
  throw unknown(`no recorded run has executed a step \`${step}\``)
}

function unknown(what: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_TARGET_UNKNOWN',
    what,
    todo: '`stepwell runs show` lists the steps of the latest run',
  })
}
