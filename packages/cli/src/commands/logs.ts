import { StepwellError, type RunRecord } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { print, printJson, withRecords, type ProjectOptions, type Records } from './project.ts'

export interface LogsOptions extends ProjectOptions {
  readonly run?: string
  readonly json?: boolean
}

/** Prints what a step logged: in a given run, or in the latest one in which it was executed. */
export async function logs(
  step: string,
  { run, json, ...options }: LogsOptions,
): Promise<ExitCode> {
  return await withRecords(options, async (records) => {
    const { engine } = records
    const record =
      run === undefined ? await latestExecution(records, step) : await engine.runRecord(run)
    const { id, steps } = record
    if (!Object.hasOwn(steps, step)) throw unknown(`run ${id} has no step \`${step}\``)
    const log = await engine.log(id, step)
    if (json) printJson('stepwell.log/1', { run: id, step, lines: linesOf(log) })
    else if (log === undefined) process.stderr.write(`step ${step} logged nothing in run ${id}\n`)
    else {
      process.stderr.write(`log of step ${step} in run ${id}\n`)
      print(log)
    }
    return EXIT.ok
  })
}

function linesOf(log: string | undefined): string[] {
  return log === undefined ? [] : log.replace(/\n$/, '').split('\n')
}

async function latestExecution(records: Records, step: string): Promise<RunRecord> {
  for await (const record of records) {
    const status = Object.hasOwn(record.steps, step) ? record.steps[step]?.status : undefined
    if (status !== undefined && !['cached', 'skipped', 'waiting'].includes(status)) return record
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
