import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  command,
  decodePlan,
  describeReason,
  dir as dirAt,
  encodePlan,
  file,
  fileOrDir,
  pinned,
  pipeline,
  step,
  type DirInput,
  type Engine,
  type FileInput,
  type DirHandle,
  type FileHandle,
  type FileOrDirHandle,
  type Pipeline,
  type Plan,
} from '../src/index.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

type Place = FileHandle | DirHandle | FileOrDirHandle

const code = pinned('1')
const texts = (input: FileInput | DirInput) =>
  'files' in input ? input.files.map((each) => each.text()).join() : input.text()

/** in.txt -> make -> something at a path <- read, which takes it by a path of its own. */
function passing(out: Place, inside: string, by: Place) {
  const make = step({
    code,
    inputs: { text: file('in.txt') },
    outs: { out },
    run: ({ text }, { outs }) => {
      const path = join(outs.out, inside)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text.text().trim())
    },
  })
  const read = step({
    code,
    inputs: { made: by, notes: file('notes.txt') },
    after: [make],
    run: ({ made, notes }) => texts(made as FileInput) + notes.text(),
  })
  // `read` is named first, so that the order of the steps tells nothing.
  return { made: pipeline('passing', { read, make }), read }
}

const shapes = [
  ['a file', file('work/a.txt'), '', file('work/a.txt')],
  ['a file or directory', fileOrDir('work/a'), '', fileOrDir('work/a')],
  ['a directory', dirAt('work'), 'a/b.txt', dirAt('work')],
  ['a file within a directory', dirAt('work'), 'a/b.txt', file('./work/a/b.txt')],
  ['a directory within a directory', fileOrDir('work/x'), 'a/b.txt', fileOrDir('work/x/a')],
  ['a directory around a file', file('work/a/b.txt'), '', dirAt('work')],
] as const

let dir: string
let engine: Engine
beforeEach(async () => {
  dir = temporaryDir()
  writeFiles(dir, { 'in.txt': 'one', 'notes.txt': '!' })
  engine = await engineOn(dir)
})

/** By step: what is planned, and why. */
function shown({ steps }: Plan): Record<string, string> {
  return Object.fromEntries(
    steps.map(({ name, decision, reasons }) => [
      name,
      [decision, ...reasons.map(describeReason)].join('; '),
    ]),
  )
}

/** Runs a plan as it comes out of its file. */
async function carryOut(made: Pipeline, plan: Plan): Promise<Record<string, string>> {
  return statusesOf(await engine.run(made, { plan: decodePlan(encodePlan(plan)) }).result)
}

describe.each(shapes)('%s read by its path', (_, out, inside, by) => {
  const { made, read } = passing(out, inside, by)

  test('that is not there yet is waited for', async () => {
    const plan = await engine.plan(made)
    expect(shown(plan)).toEqual({
      make: 'run; never succeeded before',
      read: 'run; never succeeded before; depends on the output of make',
    })
    expect(plan.steps[1]?.inputs[0]?.digest).toBeUndefined()
    expect(await carryOut(made, plan)).toEqual({ make: 'succeeded', read: 'succeeded' })
  })

  test('that is there from before is taken for nothing', async () => {
    await engine.run(made).result
    writeFiles(dir, { 'in.txt': 'two' })
    const plan = await engine.plan(made)
    const changed = 'run; input `text` (file in.txt) changed'
    const waits = 'depends; depends on the output of make'
    expect(shown(plan)).toEqual({ make: changed, read: waits })
    const run = engine.run(made, { plan })
    expect(statusesOf(await run.result)).toEqual({ make: 'succeeded', read: 'succeeded' })
    expect(await run.value(read)).toBe('two!')
    // It makes the same again: then there is nothing to do.
    writeFiles(dir, { 'in.txt': 'two\n' })
    const same = await engine.plan(made)
    expect(shown(same)).toEqual({ make: changed, read: waits })
    expect(await carryOut(made, same)).toEqual({ make: 'succeeded', read: 'cached' })
  })

  test('that comes back is what it was', async () => {
    await engine.run(made).result
    rmSync(join(dir, 'work'), { recursive: true })
    const plan = await engine.plan(made)
    const isExact = out.path === by.path
    expect(plan.steps.map(({ decision }) => decision)).toEqual([
      'cached',
      isExact ? 'cached' : 'depends',
    ])
    expect(await carryOut(made, plan)).toEqual({ make: 'cached', read: 'cached' })
  })

  test('hides no source that changed', async () => {
    await engine.run(made).result
    writeFiles(dir, { 'in.txt': 'two' })
    const plan = await engine.plan(made)
    writeFiles(dir, { 'notes.txt': '?' })
    expect(shown(await engine.plan(made))['read']).toBe(
      'run; input `notes` (file notes.txt) changed; depends on the output of make',
    )
    await expect(engine.run(made, { plan }).result).rejects.toThrow(
      'read: input `notes` (file notes.txt) changed',
    )
    expect((await engine.runIds()).length).toBe(1)
  })
})

test('what a step that stays as it is left is compared with the plan', async () => {
  const { made } = passing(file('work/a.txt'), '', file('work/a.txt'))
  await engine.run(made).result
  writeFiles(dir, { 'notes.txt': '?' })
  const plan = await engine.plan(made)
  expect(plan.evidence.ingredients['read']?.toCome).toEqual({ outputs: [], paths: [] })
  expect(await carryOut(made, plan)).toEqual({ make: 'cached', read: 'succeeded' })
})

test('what code depends on, and what a command names, may be made before it', async () => {
  const make = step({
    code,
    inputs: { text: file('in.txt') },
    outs: { tool: file('work/tool.cjs'), more: dirAt('work/more') },
    run: ({ text }, { outs }) => {
      writeFileSync(outs.tool, `console.log(${JSON.stringify(text.text())})`)
      mkdirSync(outs.more, { recursive: true })
      writeFileSync(join(outs.more, 'a.cjs'), text.text())
    },
  })
  const named = command({ cmd: `${process.execPath} work/tool.cjs work/more`, after: [make] })
  const depends = step({
    code,
    dependsOn: [file('work/tool.cjs'), dirAt('work/more')],
    after: [make],
    run: () => 1,
  })
  const made = pipeline('besides', { make, named, depends })
  const all = { make: 'succeeded', named: 'succeeded', depends: 'succeeded' }
  expect(await carryOut(made, await engine.plan(made))).toEqual(all)
  writeFiles(dir, { 'in.txt': 'two' })
  const plan = await engine.plan(made)
  const waits = 'depends; depends on the output of make'
  expect(shown(plan)).toMatchObject({ named: waits, depends: waits })
  expect(await carryOut(made, plan)).toEqual(all)
})

test('a step that reads a directory comes after all that write in it', async () => {
  const write = (path: string) =>
    step({ code, outs: { out: file(path) }, run: (__, { outs }) => writeFileSync(outs.out, path) })
  const [a, b] = [write('data/a.txt'), write('data/b.txt')]
  for (const after of [[a], [b]]) {
    const all = step({ code, inputs: { data: dirAt('data') }, after, run: () => 1 })
    await expect(engine.plan(pipeline('all', { a, b, all }))).rejects.toMatchObject({
      code: 'STEPWELL_OUT_CLASH',
    })
  }
  const all = step({ code, inputs: { data: dirAt('data') }, after: [a, b], run: () => 1 })
  const made = pipeline('all', { a, b, all })
  expect(shown(await engine.plan(made))['all']).toBe(
    'run; never succeeded before; depends on the output of a, b',
  )
})
