import { StepwellError, type Engine, type RunRecord } from '@stepwell/engine'
import type { LoopRunRequest, Runner } from '@stepwell/loop'
import { STOPPING } from '../ui/stopping.ts'
import { Cycle } from '../watch/cycle.ts'

/** Runs each in a process of its own, with the code as it then is. */
export class CycleRunner implements Runner {
  readonly #engine: Engine
  readonly #args: readonly string[]
  #cycle: Cycle | undefined

  /** @param args of `stepwell run`, without targets */
  constructor(engine: Engine, args: readonly string[]) {
    this.#engine = engine
    this.#args = args
  }

  async run({ targets, because, finish, kill }: LoopRunRequest): Promise<RunRecord> {
    const cycle = new Cycle([...targets, `--because=${because}`, ...this.#args])
    this.#cycle = cycle
    const onFinish = (): void => cycle.stop('finish', STOPPING.finish)
    const onKill = (): void => cycle.stop('kill', STOPPING.kill)
    finish.addEventListener('abort', onFinish)
    kill.addEventListener('abort', onKill)
    let code: number | null
    try {
      code = await cycle.ended
    } finally {
      this.#cycle = undefined
      finish.removeEventListener('abort', onFinish)
      kill.removeEventListener('abort', onKill)
    }
    if (cycle.run !== undefined) return await this.#engine.runRecord(cycle.run)
    throw new StepwellError({
      code: 'STEPWELL_LOOP_RUN',
      summary: 'a run of the loop could not begin',
      details: code === null ? 'its process was killed' : `its process ended with ${code}`,
      hint: 'look at what it printed; it is tried again',
    })
  }

  /** Ends at once what runs now. */
  kill(): void {
    this.#cycle?.kill()
  }
}
