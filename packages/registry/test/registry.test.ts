import { StepwellError } from '@stepwell/engine/author'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  addLineage,
  aliasesOf,
  describeVersion,
  historyOf,
  latestMove,
  loadVersion,
  modelNames,
  moveAlias,
  movesOf,
  parseModelRef,
  readReference,
  registerVersion,
  requireAliasName,
  requireModelName,
  resolveVersion,
  rolledBack,
  versionBefore,
  versionFolder,
  versionIds,
} from '../src/index.ts'
import { folder, leftovers, register, releaseOf } from './support.ts'

const CHILD = fileURLToPath(new URL('move-child.ts', import.meta.url))
const champion = { model: 'line', alias: 'champion', by: 'test' }

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof StepwellError) return error.code
    throw error
  }
  return 'none'
}

async function child(...args: string[]): Promise<{ signal: string | null; printed: number }> {
  const mover = spawn(process.execPath, ['--conditions=@stepwell/source', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  mover.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code, signal] = (await once(mover, 'close')) as [number | null, string | null]
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the child ended with ${code ?? signal}`)
  return { signal, printed: Number(output) }
}

test('a version is a function of what is registered, and comes back as it was', () => {
  const dir = folder()
  const id = register(dir, 1)
  expect(id).toMatch(/^[0-9a-f]{16}$/)
  expect(register(dir, 1)).toBe(id)
  expect(register(folder(), 1)).toBe(id)
  expect(register(dir, 2)).not.toBe(id)
  expect(registerVersion(dir, releaseOf(1, 'other'), 'test')).not.toBe(id)
  expect(modelNames(dir)).toEqual(['line', 'other'])
  expect(versionIds(dir, 'line')).toHaveLength(2)
  const { manifest, model } = loadVersion(dir, 'line', id)
  expect(model).toEqual({ kind: 'simple', slope: 1 })
  expect(manifest.metrics).toEqual({ r2: 0.5, bad: null })
})

test('a version that was damaged is told, and registering it again mends it', () => {
  const dir = folder()
  const id = register(dir, 1)
  for (const name of ['model.json', 'manifest.json']) {
    const path = join(versionFolder(dir, 'line', id), name)
    const before = readFileSync(path, 'utf8')
    for (const damage of [() => writeFileSync(path, `${before} `), () => rmSync(path)]) {
      damage()
      expect(codeOf(() => loadVersion(dir, 'line', id))).toBe('STEPWELL_REGISTRY_DAMAGED')
      expect(register(dir, 1)).toBe(id)
      expect(readFileSync(path, 'utf8')).toBe(before)
    }
  }
})

test('a version carries a reference, which never changes, and which older versions do not have', () => {
  const dir = folder()
  const columns = { z: [1.5, -1, 2], a: [0.1, 1e300, 3], y: [1, 2, 3] }
  const reference = { rows: 20_000, columns }
  const release = { ...releaseOf(1), reference }
  const id = registerVersion(dir, release, 'test')
  const old = register(dir, 1)
  expect(old).not.toBe(id)
  expect(readReference(dir, 'line', id)).toEqual(reference)
  expect(Object.keys(readReference(dir, 'line', id)?.columns ?? {})).toEqual(['z', 'a', 'y'])
  expect(readReference(dir, 'line', old)).toBeUndefined()
  expect(codeOf(() => readReference(dir, 'line', '0'.repeat(16)))).toBe('STEPWELL_MODEL_UNKNOWN')
  const other = { ...reference, rows: 3 }
  expect(registerVersion(dir, { ...release, reference: other }, 'test')).not.toBe(id)

  const path = join(versionFolder(dir, 'line', id), 'reference.json')
  const before = readFileSync(path, 'utf8')
  for (const damage of [
    () => writeFileSync(path, before.replace('1.5', '2.5')),
    () => rmSync(path),
  ]) {
    damage()
    expect(codeOf(() => readReference(dir, 'line', id))).toBe('STEPWELL_REGISTRY_DAMAGED')
    expect(codeOf(() => loadVersion(dir, 'line', id))).toBe('STEPWELL_REGISTRY_DAMAGED')
    expect(registerVersion(dir, release, 'test')).toBe(id)
    expect(readFileSync(path, 'utf8')).toBe(before)
  }
})

test('where a version comes from is added once', () => {
  const dir = folder()
  const id = register(dir, 1)
  const lineage = {
    run: 'r1',
    pipeline: 'p',
    step: 'train',
    key: 'k',
    status: 'succeeded',
    inputs: [],
  }
  expect(addLineage(dir, 'line', id, lineage)).toBe(true)
  expect(addLineage(dir, 'line', id, { ...lineage, run: 'r2' })).toBe(false)
  expect(describeVersion(dir, 'line', id).lineage).toEqual(lineage)
  expect(describeVersion(dir, 'line', id).registration?.by).toBe('test')
})

test('an alias moves, says who moved it and why, and goes back version by version', () => {
  const dir = folder()
  const [a, b, c] = [register(dir, 1), register(dir, 2), register(dir, 3)]
  const move = (version: string | null, action: 'promote' | 'rollback' | 'remove' = 'promote') =>
    moveAlias(dir, { ...champion, version, action, why: action })
  const before = () => versionBefore(movesOf(dir, 'line', 'champion'))
  expect(latestMove(dir, 'line', 'champion')).toBeUndefined()
  expect(before()).toBeUndefined()
  expect(move(a)).toMatchObject({ number: 1, version: a, previous: null, why: 'promote' })
  expect(move(a)).toBeUndefined()
  expect(before()).toBeUndefined()
  move(b)
  move(c)
  expect(before()).toBe(b)
  move(b, 'rollback')
  expect(before()).toBe(a)
  move(a, 'rollback')
  expect(before()).toBeUndefined()
  expect(rolledBack(movesOf(dir, 'line', 'champion'), c)?.why).toBe('rollback')
  expect(rolledBack(movesOf(dir, 'line', 'champion'), a)).toBeUndefined()
  move(c)
  expect(rolledBack(movesOf(dir, 'line', 'champion'), c)).toBeUndefined()
  expect(aliasesOf(dir, 'line')).toEqual([{ alias: 'champion', version: c }])
  move(null, 'remove')
  expect(aliasesOf(dir, 'line')).toEqual([])
  expect(before()).toBe(c)
  expect(historyOf(dir, 'line').map(({ version }) => version)).toEqual([a, b, c, b, a, c, null])
})

test('an alias that was moved by another process is not moved', () => {
  const dir = folder()
  const [a, b] = [register(dir, 1), register(dir, 2)]
  moveAlias(dir, { ...champion, version: a, action: 'promote', from: null })
  const from = (version: string | null) =>
    codeOf(() => moveAlias(dir, { ...champion, version: b, action: 'promote', from: version }))
  expect(from(null)).toBe('STEPWELL_ALIAS_MOVED')
  expect(from(b)).toBe('STEPWELL_ALIAS_MOVED')
  expect(from(a)).toBe('none')
})

test('what a reference means, and what it cannot mean', () => {
  const dir = folder()
  const [a, b] = [register(dir, 1), register(dir, 2)]
  moveAlias(dir, { ...champion, version: a, action: 'promote' })
  const resolve = (text: string) => resolveVersion(dir, parseModelRef(text), 'champion')
  expect(resolve('line')).toEqual({ model: 'line', id: a, alias: 'champion' })
  expect(resolve(`line@${b}`)).toEqual({ model: 'line', id: b, alias: undefined })
  expect(codeOf(() => resolve('line@challenger'))).toBe('STEPWELL_ALIAS_UNKNOWN')
  expect(codeOf(() => resolve('line@0123456789abcdef'))).toBe('STEPWELL_MODEL_UNKNOWN')
  expect(codeOf(() => resolve('curve'))).toBe('STEPWELL_MODEL_UNKNOWN')
})

test.each([
  '',
  '.',
  '..',
  '../line',
  'a/b',
  'a\\b',
  '/line',
  '__proto__',
  'con',
  'nul',
  'Line',
  'a b',
  'a\n',
  'a\0',
  '-rf',
  'ä',
  'a'.repeat(101),
])('no model and no alias is called %j', (name) => {
  expect(codeOf(() => requireModelName(name))).toBe('STEPWELL_MODEL_NAME')
  expect(codeOf(() => requireAliasName(name))).toBe('STEPWELL_MODEL_NAME')
  expect(codeOf(() => parseModelRef(`line@${name}`))).toBe('STEPWELL_MODEL_NAME')
  const dir = folder()
  expect(codeOf(() => registerVersion(dir, releaseOf(1, name), 'test'))).toBe('STEPWELL_MODEL_NAME')
  expect(readdirSync(dir)).toEqual([])
})

test('several processes move an alias at once: no move is lost, and each knows the one before', async () => {
  const dir = folder()
  const ids = [register(dir, 1), register(dir, 2), register(dir, 3)].join()
  const turns = Array.from({ length: 4 }, () => child(dir, 'toggle', ids, '50'))
  const made = (await Promise.all(turns)).reduce((sum, { printed }) => sum + printed, 0)
  const moves = movesOf(dir, 'line', 'champion')
  expect(moves).toHaveLength(made)
  expect(new Set(moves.map(({ why }) => why)).size).toBeGreaterThan(1)
  for (const [index, { number, version, previous }] of moves.entries()) {
    expect(number).toBe(index + 1)
    expect(previous).toBe(moves[index - 1]?.version ?? null)
    expect(version).not.toBe(previous)
  }
  expect(leftovers(dir)).toEqual([])
})

test('killed at any moment of a move, the alias points to the one or the other', async () => {
  const rehearsal = folder()
  const setUp = (dir: string): [string, string] => {
    const ids: [string, string] = [register(dir, 1), register(dir, 2)]
    moveAlias(dir, { ...champion, version: ids[0], action: 'promote' })
    return ids
  }
  const [a, b] = setUp(rehearsal)
  const { printed: moments } = await child(rehearsal, 'kill', b)
  expect(moments).toBeGreaterThan(7)
  const dirs = Array.from({ length: moments }, folder)
  const found = await Promise.all(
    dirs.map(async (dir, index) => {
      setUp(dir)
      expect((await child(dir, 'kill', b, String(index + 1))).signal).toBe('SIGKILL')
      return latestMove(dir, 'line', 'champion')?.version
    }),
  )
  expect(new Set(found)).toEqual(new Set([a, b]))
  for (const dir of dirs) {
    moveAlias(dir, { ...champion, version: b, action: 'promote' })
    moveAlias(dir, { ...champion, version: a, action: 'promote' })
    expect(movesOf(dir, 'line', 'champion').map(({ version }) => version)).toEqual([a, b, a])
    expect(leftovers(dir)).toEqual([])
  }
})

test('what does not belong into a registry is passed over', () => {
  const dir = folder()
  moveAlias(dir, { ...champion, version: register(dir, 1), action: 'promote' })
  for (const name of [
    '.git/versions/x',
    'My Model/versions/0123456789abcdef',
    'line/aliases/Ö/x',
  ]) {
    mkdirSync(join(dir, name), { recursive: true })
  }
  writeFileSync(join(dir, 'README'), '')
  writeFileSync(join(dir, 'line/aliases/champion/README'), '')
  expect(modelNames(dir)).toEqual(['line'])
  expect(aliasesOf(dir, 'line')).toHaveLength(1)
  expect(historyOf(dir, 'line')).toHaveLength(1)
})

test('a version that leads out of the registry is none', () => {
  const dir = folder()
  register(dir, 1)
  moveAlias(dir, { ...champion, version: '../../line', action: 'promote' })
  const { id } = resolveVersion(dir, parseModelRef('line'), 'champion')
  expect(codeOf(() => loadVersion(dir, 'line', id))).toBe('STEPWELL_MODEL_UNKNOWN')
})

test('a move that cannot be read is told, and never taken for another', () => {
  const dir = folder()
  moveAlias(dir, { ...champion, version: register(dir, 1), action: 'promote' })
  writeFileSync(join(dir, 'line/aliases/champion/00000002.json'), '{')
  expect(codeOf(() => latestMove(dir, 'line', 'champion'))).toBe('STEPWELL_REGISTRY_DAMAGED')
})
