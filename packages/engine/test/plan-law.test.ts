import fc from 'fast-check'
import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  command,
  file,
  openEngine,
  pinned,
  pipeline,
  service,
  step,
  type Engine,
  type Plan,
  type PlannedStep,
  type PlanRequest,
  type RunnablePipeline,
  type RunRecord,
  type StepRecord,
} from '../src/index.ts'
import {
  edited,
  outOf,
  pipelineOf,
  programs,
  requestOf,
  sourceOf,
  type Program,
} from './support/plan-law.ts'
import { orderSteps } from '../src/define/order.ts'
import { engineOn } from './support/engine.ts'
import { makeTemporaryDir, temporaryDir, writeFiles } from './support/temporary.ts'

// More of them are tried by STEPWELL_TEST_PROGRAMS.
const PROGRAMS = Number(process.env['STEPWELL_TEST_PROGRAMS'] ?? 8)

test('what a plan says is what the run does, wherever the plan can know', async () => {
  await fc.assert(fc.asyncProperty(programs, checkLaw), { numRuns: PROGRAMS, endOnFailure: true })
})

/** Plans and runs, and checks the one by the other; returns what was planned. */
async function planned(
  engine: Engine,
  of: RunnablePipeline,
  request: PlanRequest = {},
): Promise<Record<string, string>> {
  const plan = await engine.plan(of, request)
  compare(plan, await engine.run(of, { plan }).result)
  return Object.fromEntries(plan.steps.map(({ name, decision }) => [name, decision]))
}

const code = pinned('1')

describe('a plan knows', () => {
  test('what a service alone reads of steps that take no part', async () => {
    const engine = await engineOn(temporaryDir())
    const port = step({ code, run: () => ({ port: 8 }) })
    const server = service({
      cmd: 'echo up\nexec sleep 100',
      inputs: { port, number: port.pick('port') },
      ready: { log: 'up' },
    })
    const reader = step({ code, inputs: { server }, run: () => 1 })
    const whole = pipeline('p', { port, server, reader })
    await engine.run(whole).result
    const only = { targets: ['server'], only: true }
    expect(await planned(engine, whole, only)).toEqual({ server: 'run' })
    expect(await planned(engine, whole, { targets: ['reader'], only: true })).toEqual({
      server: 'skip',
      reader: 'cached',
    })
  })

  test('what is in the cache under an earlier name', async () => {
    const engine = await engineOn(temporaryDir())
    const said = command({ cmd: 'echo one', stdout: 'text' })
    const again = step({ run: text, inputs: { said } })
    await engine.run(pipeline('p', { said, again })).result
    expect(await planned(engine, pipeline('p', { says: said, renamed: again }))).toEqual({
      says: 'cached',
      renamed: 'cached',
    })
  })

  test('what is in the cache of long ago, and what was accepted', async () => {
    const engine = await engineOn(temporaryDir())
    const counting = (n: number, version: string): RunnablePipeline => {
      const one = step({ code: pinned(version), params: { n }, run: (_, { params }) => params.n })
      return pipeline('p', { one, two: step({ code, inputs: { one }, run: ({ one: n_ }) => n_ }) })
    }
    for (let n = 0; n < 8; n += 1) await engine.run(counting(n, 'a')).result
    await engine.accept(counting(7, 'b'), ['one'], { because: 'it is the same' })
    for (let n = 8; n < 16; n += 1) await engine.run(counting(n, 'a')).result
    const cached = { one: 'cached', two: 'cached' }
    expect(await planned(engine, counting(0, 'a'))).toEqual(cached)
    expect(await planned(engine, counting(7, 'b'))).toEqual(cached)
    await engine.revoke(counting(7, 'b'), ['one'])
    expect(await planned(engine, counting(7, 'b'))).toMatchObject({ one: 'run' })
  })

  test('that a step may be what it was before, once what it reads is made', async () => {
    const engine = await engineOn(temporaryDir())
    const chain = (n: number): RunnablePipeline => {
      const one = step({ code, run: () => 1 })
      return pipeline('p', {
        one,
        two: step({ code, inputs: { one }, params: { n }, run: (_, { params }) => params.n }),
      })
    }
    await engine.run(chain(1)).result
    await engine.run(chain(2)).result
    const force = ['one']
    expect(await planned(engine, chain(1), { force })).toEqual({ one: 'run', two: 'depends' })
    expect(await planned(engine, chain(3), { force })).toEqual({ one: 'run', two: 'run' })
  })

  test('that of steps that are made of the same one is executed', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 1 })
    const make = () => command({ cmd: 'echo one', stdout: 'text' })
    const twins = pipeline('p', { one: make(), two: make() })
    expect(await planned(engine, twins)).toEqual({ one: 'run', two: 'depends' })
  })

  test('that what follows a step which cannot be executed is skipped', async () => {
    const engine = await engineOn(temporaryDir())
    const one = step({ code, inputs: { text: file('nowhere.txt') }, run: () => 1 })
    const two = step({ code, inputs: { one }, run: () => 2 })
    expect(await planned(engine, pipeline('p', { one, two }))).toEqual({ one: 'run', two: 'skip' })
  })

  test('a field of a step that takes no part, and was not picked before', async () => {
    const engine = await engineOn(temporaryDir())
    const one = step({ code, run: () => ({ n: 1 }) })
    const two = step({ code, inputs: { n: one.pick('n') }, run: ({ n }) => n })
    await engine.run(pipeline('p', { one })).result
    const only = { targets: ['two'], only: true }
    expect(await planned(engine, pipeline('p', { one, two }), only)).toEqual({ two: 'run' })
  })

  test('what a condition is given that no run has stored yet', async () => {
    const engine = await engineOn(temporaryDir())
    const server = service({ cmd: 'echo up\nexec sleep 100', ready: { log: 'up' }, value: 1 })
    const when = ({ server: value }: { server: number }) => value === 2
    const reader = step({ code, inputs: { server }, when, run: () => 1 })
    expect(await planned(engine, pipeline('p', { server, reader }))).toEqual({
      server: 'skip',
      reader: 'skip',
    })
  })
})

function text({ said }: { readonly said: string }): string {
  return `it says ${said}`
}

async function checkLaw(program: Program): Promise<void> {
  const dir = makeTemporaryDir()
  writeFiles(dir, { [sourceOf(0)]: 'one\n', [sourceOf(1)]: 'two\n', [sourceOf(2)]: 'one\n' })
  const engine = await openEngine({ dir, concurrency: 1, grace: 200 })
  try {
    let { steps } = program
    for (const round of program.rounds) {
      for (const edit of round.edits) {
        steps = edited(steps, edit)
        if (edit.kind === 'source') writeFiles(dir, { [sourceOf(edit.nth)]: edit.text })
        if (edit.kind === 'out') writeFiles(dir, { [outOf(edit.nth % steps.length)]: edit.text })
      }
      const made = pipelineOf(steps, dir)
      const request = requestOf(steps, round, (targets, only) =>
        orderSteps(made, targets, only).map(({ name }) => name),
      )
      const plan = await engine.plan(made, request)
      const how = round.byPlan ? { plan } : request
      const record = await engine.run(made, { ...how, onFailure: 'continue' }).result
      compare(plan, record)
    }
  } finally {
    await engine.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Where the plan does not depend on something, the run must have done what it says, by the same key. */
function compare({ steps }: Plan, { steps: records }: RunRecord): void {
  const known = steps.filter(({ decision }) => decision !== 'depends')
  const told = known.map((each) => [each.name, toldOf(each)])
  const made = new Set(
    Object.values(records).flatMap(({ key, status }) => (status === 'succeeded' ? [key] : [])),
  )
  const done = known.map(({ name, key }, nth) => {
    const saying = told[nth]?.[1] ?? ''
    const doing = doneOf(saying, records[name])
    // Of steps that are made of the same, one is executed: which one is open.
    const isTwin = saying.startsWith('run ') && made.has(key) && doing === `cached ${key}`
    return [name, isTwin ? saying : doing]
  })
  expect(Object.fromEntries(done)).toEqual(Object.fromEntries(told))
}

function toldOf({ decision, key, reasons }: PlannedStep): string {
  const isProblem = reasons.some(({ kind }) => kind === 'problem')
  if (decision === 'run' && isProblem) return `fails before it begins ${key ?? ''}`
  if (decision === 'run' && key === undefined) return 'no hit'
  return `${decision} ${decision === 'skip' ? '' : (key ?? '')}`
}

function doneOf(told: string, record: StepRecord | undefined): string {
  if (record === undefined) return 'it took no part'
  const { status, key = '', startedAt } = record
  const isExecuted = startedAt !== undefined && (status === 'succeeded' || status === 'failed')
  if (status === 'cached') return `cached ${key}`
  if (told === 'no hit') return told
  if (isExecuted) return `run ${key}`
  if (status === 'failed') return `fails before it begins ${key}`
  return status === 'skipped' ? 'skip ' : status
}
