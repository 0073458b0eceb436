import { file, openEngine, pipeline, step, type Engine } from '@stepwell/engine'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  engineRunner,
  hook,
  loop,
  decisionsOf,
  onDrift,
  onNewData,
  runLoop,
  type AlertTarget,
  type Judgement,
  type Loop,
  type LoopEvent,
} from '../src/index.ts'

// What the monitor returns is what the file says.
const source = file('says.json')
const monitor = step({
  inputs: { verdict: source },
  run: ({ verdict }): Judgement => JSON.parse(verdict.text()) as Judgement,
})
const update = step({ inputs: { verdict: source }, run: ({ verdict }) => verdict.text().length })
const fleet = pipeline('fleet', { monitor, update })

function fleetLoop(...alerts: AlertTarget[]): Loop {
  return loop(fleet, {
    triggers: {
      arrivals: onNewData(source, { run: [monitor], every: 10 }),
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
    return decisionsOf(this.engine, 'fleet').map(({ trigger, decision }) =>
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

test('an output without a status in between is no recovery, and bad again is no news', async () => {
  await using place = await Place.make()
  const alerts = async (said: unknown): Promise<string[]> => {
    place.says(said)
    const events = await place.once(fleetLoop(hook('true')))
    return events.flatMap((each) => (each.type === 'alerted' ? [each.alert.kind] : [])).toSorted()
  }
  expect(await alerts({ status: 'alert', reasons: ['a'] })).toEqual(['drift', 'updated'])
  for (const garbage of [null, 7, 'alert', [], { status: 'bad' }, { status: ['alert'] }]) {
    expect(await alerts(garbage)).toEqual([])
  }
  expect(await alerts({ status: 'alert', reasons: ['b'] })).toEqual(['updated'])
  expect(await alerts({ reasons: ['c'] })).toEqual([])
  expect(await alerts({ status: 'ok' })).toEqual(['recovered'])
})

test('drift is told once, however often the run that it leads to is tried', async () => {
  await using place = await Place.make()
  place.says({ status: 'alert' })
  await place.engine.run(fleet, { targets: ['monitor'] }).result
  const end = new AbortController()
  const events: LoopEvent[] = []
  let tries = 0
  await runLoop(fleetLoop(hook('true', { on: ['drift'] })), {
    engine: place.engine,
    finish: end.signal,
    tell: (event) => void events.push(event),
    runner: {
      run: async () => {
        if (++tries === 2) end.abort()
        return await Promise.reject(new Error('not yet'))
      },
    },
  })
  expect(events.filter(({ type }) => type === 'failed')).toHaveLength(1)
  expect(events.filter(({ type }) => type === 'alerted')).toHaveLength(1)
}, 30_000)

test('a file anywhere is looked at', async () => {
  await using place = await Place.make()
  await using other = await Place.make()
  other.says({ status: 'ok' })
  const far = file(join(other.engine.dir, 'says.json'))
  const read = step({ inputs: { far }, run: ({ far: found }) => found.text() })
  const all = pipeline('fleet', { read })
  await place.once(
    loop(all, { triggers: { arrivals: onNewData(far, { run: [read], every: 10 }) } }),
  )
  expect(place.decisions).toEqual(['arrivals run'])
})

test('a loop that waits writes nothing', async () => {
  await using place = await Place.make()
  place.says({ status: 'ok' })
  await place.once(fleetLoop())
  const end = new AbortController()
  const notice = join(place.engine.dir, '.stepwell', 'loop', 'fleet', 'notice.json')
  const runIds = place.engine.runIds.bind(place.engine)
  const inodes: number[] = []
  // It is asked at each look.
  place.engine.runIds = async () => {
    inodes.push(statSync(notice).ino)
    if (inodes.length === 5) end.abort()
    return await runIds()
  }
  await runLoop(fleetLoop(), { engine: place.engine, finish: end.signal })
  expect(new Set(inodes).size).toBe(1)
})

test('what keeps a look from being taken does not end the loop', async () => {
  await using place = await Place.make()
  place.says({ status: 'ok' })
  const end = new AbortController()
  const runIds = place.engine.runIds.bind(place.engine)
  place.engine.runIds = async () => await Promise.reject(new Error('no room'))
  const events: LoopEvent[] = []
  await runLoop(fleetLoop(), {
    engine: place.engine,
    finish: end.signal,
    tell: (event) => {
      events.push(event)
      place.engine.runIds = runIds
      if (event.type === 'idle') end.abort()
    },
  })
  expect(events[0]).toMatchObject({ type: 'failed', why: 'no room' })
  expect(place.decisions).toEqual(['arrivals run', 'drifted wait'])
}, 30_000)

test('what came during a run is named after it', async () => {
  await using place = await Place.make()
  place.says({ status: 'ok' })
  let isFirst = true
  const run = engineRunner(place.engine, fleet)
  const events = await place.once(fleetLoop(), {
    runner: {
      run: async (request) => {
        if (isFirst) place.says({ status: 'warn' })
        isFirst = false
        return await run.run(request)
      },
    },
  })
  const whys = events.flatMap((each) => (each.type === 'decided' ? each.decisions : []))
  expect(whys.filter(({ kind }) => kind === 'new-data').map(({ why }) => why)).toEqual([
    'there is data: 1 file: says.json',
    '1 changed file: says.json',
  ])
})

test('what keeps a loop from beginning is told, and leaves it to the next one', async () => {
  await using place = await Place.make()
  place.says({ status: 'ok' })
  const state = join(place.engine.dir, '.stepwell', 'loop')
  mkdirSync(dirname(state), { recursive: true })
  writeFileSync(state, 'in the way')
  await expect(place.once(fleetLoop())).rejects.toThrow(/memory.json|notice.json|loop/)
  rmSync(state)
  await place.once(fleetLoop())
  expect(place.decisions).toEqual(['arrivals run', 'drifted wait'])
  await place.engine[Symbol.asyncDispose]()
  await expect(place.once(fleetLoop())).rejects.toThrow('Expected an open engine')
})
