// Plays the story of pipeline.ts with the real commands. `stepwell run` trains on 2011 and promotes the first model,
// `stepwell serve` serves it, `stepwell schedule` watches. Then 2012 happens, week by week: each hour is asked of the
// server, and at the end of the week what came out arrives.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs, styleText } from 'node:util'
import { Stepwell, stepwell } from './processes.ts'
import { deliver, readHours, weeksOf, type Row } from './world.ts'

const { values } = parseArgs({
  options: {
    hours: {
      type: 'string',
      default: join(import.meta.dirname, '..', 'bike-sharing', 'data', 'hour.csv'),
    },
    weeks: { type: 'string', default: '53' },
  },
})
const DIR = import.meta.dirname
const CLIENTS = 4

interface LoopLine {
  readonly type: string
  readonly decisions?: readonly {
    readonly trigger: string
    readonly outcome?: string
    readonly failure?: string
  }[]
}

interface Summary {
  readonly status: string
  readonly windows: readonly {
    readonly error?: { readonly rmse: number; readonly baseline?: number }
  }[]
}

const started = performance.now()
const hours = readHours(values.hours)
const [before, after] = ['2011', '2012'].map((year) =>
  hours.filter(({ dteday }) => String(dteday).startsWith(year)),
)
const weeks = weeksOf(after ?? []).slice(0, Number(values.weeks))

for (const left of ['models', 'predictions', 'work', '.stepwell/loop']) {
  rmSync(join(DIR, left), { recursive: true, force: true })
}
say('2011 has arrived: the first model is trained, evaluated and promoted')
deliver(join(DIR, 'work/inbox/2011.csv'), before ?? [])
await stepwell(DIR, 'run', 'promote', '--quiet')
await stepwell(DIR, 'model', 'alias', 'bikes@champion', 'first')

const server = new Stepwell(
  DIR,
  'serve',
  'bikes',
  '--port',
  '0',
  '--keep',
  'dteday',
  '--log-age',
  '0.2',
)
const loop = new Stepwell(DIR, 'schedule', '--events', '--quiet')
try {
  const [url = ''] = /http:\S+/.exec(await server.line()) ?? []
  say(`it is served at ${url}, and ${weeks.length} weeks of 2012 follow\n`)
  await rest()
  say('week        hours  rmse  never updated  status')
  let [requests, updates] = [0, 0]
  for (const { monday, rows } of weeks) {
    requests += await ask(url, rows)
    await logged(requests)
    deliver(join(DIR, `work/inbox/${monday}.csv`), rows)
    const { outcome, failure = '' } = (await rest()) ?? {}
    const { status, windows } = JSON.parse(
      readFileSync(join(DIR, 'work/monitor.json'), 'utf8'),
    ) as Summary
    const { rmse = Number.NaN, baseline = Number.NaN } = windows.at(-1)?.error ?? {}
    const [served, never] = [rmse, baseline].map((error) => error.toFixed(0))
    if (outcome === 'succeeded') updates += 1
    say(
      [
        monday,
        String(rows.length).padStart(7),
        (served ?? '').padStart(6),
        (never ?? '').padStart(15),
        `  ${paint(status)}${' '.repeat(8 - status.length)}`,
        outcome === 'succeeded' ? 'retrained and promoted' : failure.split(';')[0],
      ].join(''),
    )
  }
  say(`\n${requests} requests, all answered; ${updates} updates`)
} finally {
  for (const command of [loop, server]) command.stop()
  await Promise.all([loop.end(), server.end()])
}
say(`the report: ${join(DIR, 'work/monitor.html')}`)
say(`played in ${((performance.now() - started) / 1000).toFixed(0)} s`)

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Asks for a prediction for each hour, one after the other on a few connections. */
async function ask(url: string, rows: readonly Row[]): Promise<number> {
  const left = rows.values()
  const client = async (): Promise<void> => {
    for (const row of left) {
      const { cnt: _, ...known } = row
      const response = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(known),
      })
      if (!response.ok) throw new Error(`the server answers: ${await response.text()}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return rows.length
}

/** Waits until the log has so many lines, in complete files. */
async function logged(lines: number): Promise<void> {
  const folder = join(DIR, 'predictions/bikes')
  for (;;) {
    const names = readdirSync(folder).filter((name) => name.endsWith('.ndjson'))
    const texts = names.map((name) => readFileSync(join(folder, name), 'utf8'))
    if (texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0) === lines) return
    await wait(20)
  }
}

/** Waits until the loop has seen to what arrived. Gives what came of drift, if there was any. */
async function rest(): Promise<NonNullable<LoopLine['decisions']>[number] | undefined> {
  let update: NonNullable<LoopLine['decisions']>[number] | undefined
  for (;;) {
    const { type, decisions = [] } = JSON.parse(await loop.line()) as LoopLine
    if (type === 'ended') update = decisions.find(({ trigger }) => trigger === 'drifted') ?? update
    if (type === 'idle') return update
  }
}

function paint(status: string): string {
  const colours = { ok: 'green', warn: 'yellow', alert: 'red' } as const
  return styleText(colours[status as keyof typeof colours] ?? 'reset', status)
}
