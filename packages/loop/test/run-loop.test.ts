import { file, openEngine, pipeline, step, type Engine } from '@stepwell/engine'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  loop,
  loopStatus,
  onDrift,
  onNewData,
  runLoop,
  type AlertTarget,
  type Judgement,
  type Loop,
  type LoopEvent,
} from '../src/index.ts'

// What the monitor returns is what the file says.
const said = file('says.json')
const monitor = step({
  inputs: { said },
  run: ({ said }): Judgement => JSON.parse(said.text()) as Judgement,
})
const update = step({ inputs: { said }, run: ({ said }) => said.text().length })
const fleet = pipeline('fleet', { monitor, update })

function fleetLoop(...alerts: AlertTarget[]): Loop {
  return loop(fleet, {
    triggers: {
      arrivals: onNewData(said, { run: [monitor], every: 10 }),
      drifted: onDrift(monitor, { run: [update] }),
    },
    alerts,
  })
}

class Place implements AsyncDisposable {
  readonly engine: Engine

  private constructor(engine: Engine) {
    this.engine = engine
  }

  static async make(): Promise<Place> {
    const dir = mkdtempSync(join(tmpdir(), 'stepwell-loop-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    return new Place(await openEngine({ dir }))
  }

  says(value: unknown): void {
    writeFileSync(join(this.engine.dir, 'says.json'), JSON.stringify(value))
  }

  /** What is due now is done; gives what happened. */
  async once(what: Loop, more: Partial<Parameters<typeof runLoop>[1]> = {}): Promise<LoopEvent[]> {
    const events: LoopEvent[] = []
    const tell = (event: LoopEvent): void => void events.push(event)
    await runLoop(what, { engine: this.engine, once: true, tell, ...more })
    return events
  }

  get decisions(): string[] {
    return loopStatus(this.engine, 'fleet').decisions.map(({ trigger, decision }) =>
      [trigger, decision].join(' '),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]()
  }
}

test('a loop that is told to end while it looks begins no run', async () => {
  await using place = await Place.make()
  place.says({ status: 'alert' })
  await place.engine.run(fleet, { targets: ['monitor'] }).result
  const runs = await place.engine.runIds()
  for (const how of ['finish', 'kill'] as const) {
    const end = new AbortController()
    const going = place.once(fleetLoop(), { [how]: end.signal })
    end.abort()
    expect(await going).toEqual([])
    expect(await place.once(fleetLoop(), { [how]: AbortSignal.abort() })).toEqual([])
  }
  expect(await place.engine.runIds()).toEqual(runs)
  await place.once(fleetLoop())
  expect(place.decisions).toContain('drifted run')
})

test('what a step of the same name in another pipeline returns is not looked at', async () => {
  await using place = await Place.make()
  place.says({ status: 'alert' })
  await place.engine.run(pipeline('other', { monitor })).result
  const drifted = loop(fleet, { triggers: { drifted: onDrift(monitor, { run: [update] }) } })
  expect(await place.once(drifted)).toEqual([])
  expect(place.decisions).toEqual([])
})
