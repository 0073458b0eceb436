import type { Engine, Pipeline, Run, RunEvent } from '@stepwell/engine'
import type { FromCycle, ToCycle } from './messages.ts'

/** A cycle's end of the channel to the process that watches. */
export class WatchedRun {
  readonly #running = new Set<string>()
  /** What came before there was a run to be stopped. */
  readonly #early: ToCycle[] = []
  #stop: ((message: ToCycle) => void) | undefined
  readonly #onMessage = (message: ToCycle): void => {
    if (this.#stop === undefined) this.#early.push(message)
    else this.#stop(message)
  }

  constructor() {
    process.on('message', this.#onMessage)
    // The channel must not keep the process alive, so that a run that waits for nothing is noticed.
    process.channel?.unref()
  }

  /** Tells what the run depends on: from then on a change ends it. */
  async begin(engine: Engine, pipeline: Pipeline, targets: readonly string[]): Promise<void> {
    const watched = await engine.watched(pipeline, targets)
    await new Promise<void>((done) => {
      tell({ kind: 'watched', watched }, done)
    })
  }

  /** Obeys until the run has ended; also when the process that watches is gone. Returns how to leave off. */
  obey(run: Run, note: (text: string) => void): () => void {
    this.#stop = ({ how, why }) => {
      note(why)
      run.stop(how)
    }
    for (const message of this.#early.splice(0)) this.#stop(message)
    const onGone = (): void => run.stop('kill')
    process.on('disconnect', onGone)
    if (!process.connected) onGone()
    return () => void process.off('message', this.#onMessage).off('disconnect', onGone)
  }

  show(event: RunEvent): void {
    if (event.type === 'run-started') tell({ kind: 'begun', run: event.run })
    if (event.type === 'step-started') this.#running.add(event.step)
    // A service that is up keeps no run from being stopped.
    else if (event.type !== 'step-finished' && event.type !== 'step-ongoing') return
    else if (!this.#running.delete(event.step)) return
    tell({ kind: 'running', steps: [...this.#running] })
  }
}

function tell(message: FromCycle, done: () => void = () => undefined): void {
  // One who is gone needs no news.
  if (process.send === undefined) done()
  else process.send(message, () => done())
}
