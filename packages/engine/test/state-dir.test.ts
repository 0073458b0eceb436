import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { LAYOUT } from '../src/store/layout.ts'
import { openEngine } from '../src/index.ts'
import { lone, slow } from './fixtures/lone.ts'
import { ended, startChild } from './support/child.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { resetHooks, takeCalls } from './support/hooks.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

afterEach(resetHooks)

describe('format', () => {
  test('a new project gets the format, and Git ignores the directory', async () => {
    const dir = temporaryDir()
    await (await engineOn(dir)).run(lone).result
    expect(readFileSync(join(dir, '.stepwell/format'), 'utf8')).toBe(`${LAYOUT}\n`)
    expect(readFileSync(join(dir, '.stepwell/.gitignore'), 'utf8')).toBe('*\n')
  })
  for (const format of [`${LAYOUT + 1}\n`, '0', '', 'garbage', '1.0']) {
    test(`${JSON.stringify(format)} is refused, and nothing is touched`, async () => {
      const dir = temporaryDir()
      writeFiles(dir, { '.stepwell/format': format })
      await expect(openEngine({ dir })).rejects.toMatchObject({
        code: 'STEPWELL_FORMAT',
        message: expect.stringContaining(`format ${LAYOUT}`),
      })
      expect(readdirSync(join(dir, '.stepwell'))).toEqual(['format'])
    })
  }
})

test('a project directory that is not there, or is a file, is refused', async () => {
  const dir = temporaryDir()
  writeFiles(dir, { file: '' })
  for (const path of ['none', 'file', 'none/deeper']) {
    await expect(openEngine({ dir: join(dir, path) })).rejects.toMatchObject({
      code: 'STEPWELL_STATE',
    })
  }
})

test('options out of range are misuse', async () => {
  const dir = temporaryDir()
  for (const concurrency of [0, -1, 1.5, Number.NaN, Infinity, '2' as never]) {
    await expect(openEngine({ dir, concurrency })).rejects.toThrow(TypeError)
  }
})

describe('stored outputs that are damaged', () => {
  test('are made again, with a warning', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    await engine.run(lone).result
    for (const damage of ['flip', 'remove'] as const) {
      for (const file of objectsOf(dir)) {
        if (damage === 'flip') appendFileSync(file, 'x')
        else writeFiles(file, { '': undefined })
      }
      takeCalls()
      const run = engine.run(lone)
      const record = await run.result
      expect(statusesOf(record)).toEqual({ slow: 'succeeded' })
      const problem = damage === 'flip' ? 'damaged' : 'missing'
      expect(record.steps['slow']?.reasons).toEqual([
        { kind: 'artifact', problem, output: 'output' },
      ])
      expect(record.warnings.join()).toMatch(problem)
      expect(await run.value(slow)).toBe('slow')
      expect(statusesOf(await engine.run(lone).result)).toEqual({ slow: 'cached' })
    }
  })
})

describe('a snapshot that is damaged', () => {
  const texts = ['', 'garbage', 'null', '[]', '{}', '{"format":0}', '{"format":1}']
  const bad = '{"format":1,"codes":{},"steps":{"slow":{}},"files":{}}'
  for (const text of [...texts, bad]) {
    test(`${text === '' ? 'empty' : text} is as good as none`, async () => {
      const dir = temporaryDir()
      const engine = await engineOn(dir)
      await engine.run(lone).result
      writeFileSync(join(dir, '.stepwell/state/lone.json'), text)
      const plan = await engine.plan(lone)
      expect(plan.steps.length).toBe(1)
      expect(statusesOf(await engine.run(lone).result)).toEqual({ slow: 'cached' })
    })
  }
})

describe('a run whose process was killed', () => {
  test('reads as running while it lives, and as interrupted after', async () => {
    const dir = temporaryDir()
    const child = startChild('run-and-block', dir)
    await once(child.stdout!, 'data')
    const engine = await engineOn(dir)
    const [id = ''] = await engine.runIds()
    const alive = await engine.runRecord(id)
    expect(alive.status).toBe('running')
    expect(statusesOf(alive)).toEqual({ quick: 'succeeded', endless: 'running' })
    child.kill('SIGKILL')
    await ended(child)
    const dead = await engine.runRecord(id)
    expect(dead.status).toBe('interrupted')
    expect(dead.steps['quick']).toMatchObject({ status: 'succeeded' })
    expect(dead.steps['endless']?.metrics).toEqual({ loss: 0.5 })
    expect(await engine.log(id, 'endless')).toBe('working\n')
    appendFileSync(join(dir, '.stepwell/runs', id, 'events.ndjson'), '{"type":"step-finished","st')
    expect(await engine.runRecord(id)).toEqual(dead)
  })

  test('before its first event: what is listed can be read', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const { id } = await engine.run(lone).result
    // A record is renamed into place with its first event; this is what is left without one.
    const torn = join(dir, '.stepwell/runs', `.${id.replace(/^\d{4}/, '2001')}`)
    mkdirSync(torn)
    writeFileSync(join(torn, 'events.ndjson'), '{"type":"run-st')
    expect(await engine.runIds()).toEqual([id])
    expect((await engine.runRecord(id)).id).toBe(id)
  })
})

function objectsOf(dir: string): string[] {
  const objects = join(dir, '.stepwell/objects')
  return readdirSync(objects, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('damaged'))
    .map((entry) => join(entry.parentPath, entry.name))
}
