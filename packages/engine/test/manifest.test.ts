import { makeStep } from '../src/define/make-step.ts'
import {
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { analyzeCode } from '../src/code/reach/analyze.ts'
import { findCode } from '../src/code/manifest/manifest.ts'
import { FOLDS_CASE } from '../src/code/resolve/sources.ts'
import type { PipelineCode } from '../src/identity/code.ts'
import { canonicalJson } from '@stepwell/base/json'
import { pinned } from '../src/define/pinned.ts'
import { makePipeline, type Pipeline } from '../src/define/pipeline.ts'
import { definition } from '../src/define/step.ts'
import { createRandom, generateProgram, mutate, type Random } from './support/fuzz-program.ts'
import { makeTemporaryDir, writeFiles } from './support/temporary.ts'

// By hand, for many: STEPWELL_FUZZ_MANIFEST=2000 vitest run packages/engine/test/manifest
const RUNS = Number(process.env['STEPWELL_FUZZ_MANIFEST'] ?? 15)
const ENGINE = fileURLToPath(new URL('..', import.meta.url))

/** Random programs, with what else an analysis follows: each line may come to lead elsewhere. */
const HEAD = `import fake from 'fake'
import { one } from 'one'
import { mapped } from '@/mapped'
import { k } from '#k'
import { late } from './late.js'
import { linked } from './link.ts'
import { opts, load, Base } from './constants.ts'
import * as all from './constants.ts'
import data from './data.json' with { type: 'json' }
export const outer = () => [fake, one, mapped, k, late, linked, data, process.env.FUZZ,
  new URL('./words.txt', import.meta.url)]
class Own extends Base {}
const loaded = [1].map(() => { const inner = () => load(); return inner() })
const kept = { load, member: all.load, own: Own, set: new Set([1n, /x/]) }
const early = step({ params: { ...opts.deep, n: opts.n }, run: () => [loaded, kept] })
`
const MANIFEST = (version: string) =>
  JSON.stringify({ name: 'fake', version, main: './index.js', dependencies: { dep: '*' } })
const OWN = (k: string) => JSON.stringify({ type: 'module', imports: { '#k': k } })
const PATHS = (target: string) =>
  `{ // of this project\n "compilerOptions": { "paths": { "@/*": ["${target}"], }, } }`

const CONSTANTS = (opts: string, load: string, base = 'class Base {}') =>
  `import { readFileSync } from 'node:fs'
  export const opts = ${opts}
  export const load = () => ${load}
  export ${base}`

/** Writes or, where it says `undefined`, removes. */
type Edit = Readonly<Record<string, string | undefined>>

const EDITS: readonly Edit[] = [
  { 'late.ts': 'export const late = 1' },
  { 'late.ts': undefined },
  { 'late.js': 'export const late = 2' },
  { 'late.js': undefined },
  { 'late.js/index.ts': 'export const late = 3' },
  { 'm0.js': 'export const beside = 1' },
  { 'm0.js': undefined },
  { 'm1/index.ts': 'export const beside = 1' },
  { 'num.tsx': 'export const num = 1' },
  { 'unrelated.ts': 'export {}' },
  { 'constants.ts': CONSTANTS('{ deep: { a: 1 }, n: 2 }', '1') },
  { 'constants.ts': CONSTANTS('{ get deep() { return {} }, n: 2 }', 'readFileSync.name') },
  { 'constants.ts': CONSTANTS('Object.freeze({ deep: [1], n: 1 })', 'readFileSync("x")') },
  { 'constants.ts': CONSTANTS('{ deep: {} }', '1', 'let Base = class {}') },
  { 'constants.ts': CONSTANTS('{ deep: {}, n: 1 }', '1; Object.prototype.x = 1') },
  { 'words.txt': 'one' },
  { 'words.txt': 'two' },
  { 'words.txt': undefined },
  { 'data.json': '1' },
  { 'data.json': undefined },
  { '../node_modules/fake/package.json': MANIFEST('1.0.0') },
  { '../node_modules/fake/package.json': MANIFEST('1.0.1') },
  { '../node_modules/dep/package.json': '{"name":"dep","version":"1.0.0"}' },
  { '../node_modules/dep/package.json': undefined, '../node_modules/dep': undefined },
  { 'node_modules/dep/package.json': '{"name":"dep","version":"2.0.0"}' },
  { 'node_modules/fake/package.json': MANIFEST('2.0.0'), 'node_modules/fake/index.js': '' },
  { 'node_modules/fake': undefined },
  { '../node_modules/fake/node_modules/dep/package.json': '{"name":"dep","version":"3.0.0"}' },
  { 'node_modules/one.js': 'exports.one = 1' },
  { 'node_modules/one.js': undefined },
  { '../node_modules/one/index.js': 'exports.one = 1' },
  { 'one.ts': 'export const one = 1' },
  { 'one.ts': undefined },
  { 'package.json': OWN('./one.ts') },
  { 'package.json': OWN('./words.ts') },
  { 'package.json': OWN('dep') },
  { 'words.ts': 'export const k = 1' },
  { 'words.ts': undefined },
  { 'tsconfig.json': PATHS('./*') },
  { 'tsconfig.json': PATHS('./src/*') },
  { 'tsconfig.json': undefined },
  { 'tsconfig.json': '{ "extends": "./base.json" }' },
  { 'base.json': PATHS('./lib/*') },
  { '../tsconfig.json': '{ "compilerOptions": { "baseUrl": "./project" } }' },
  { 'tsconfig.json': '{ "references": [{ "path": "lib" }, { "path": "./lib/base.json" }] }' },
  { 'tsconfig.json': '{ "extends": "shared/base", "references": [{ "path": "lib" }] }' },
  { 'lib/tsconfig.json': PATHS('../src/*') },
  { 'lib/base.json': PATHS('./*') },
  { 'lib/tsconfig.json': undefined },
  { '../node_modules/shared/base.json': PATHS('../../project/src/*') },
  { '../node_modules/shared/package.json': '{ "name": "shared", "exports": "./base.json" }' },
  { '../tsconfig.json': undefined },
  { 'mapped.ts': 'export const mapped = 1' },
  { 'mapped.ts': undefined },
  { 'src/mapped.ts': 'export const mapped = 2' },
  { 'src/mapped.ts': undefined },
  { 'lib/mapped.ts': 'export const mapped = 3' },
  { '@/mapped.ts': 'export const mapped = 4' },
]

/** A project without a process: its pipeline is what importing its files would give. */
class Project {
  readonly root: string = makeTemporaryDir()
  readonly dir: string = join(this.root, 'project')
  readonly cache: string = join(this.dir, '.stepwell', 'code')
  #program: Readonly<Record<string, string>>
  readonly #random: Random

  constructor(seed: number) {
    this.#random = createRandom(seed)
    this.#program = generateProgram(this.#random)
    writeFiles(this.dir, {
      'package.json': OWN('./one.ts'),
      'data.json': '{}',
      'constants.ts': CONSTANTS('{ deep: { a: 1 }, n: 2 }', '1'),
      'link-a.ts': 'export const linked = 1',
      'link-b.ts': 'export const linked = 2',
      '../node_modules/fake/package.json': MANIFEST('1.0.0'),
      '../node_modules/fake/index.js': 'export default 1',
    })
    symlinkSync('link-a.ts', join(this.dir, 'link.ts'))
    mkdirSync(join(this.dir, 'node_modules/@stepwell'), { recursive: true })
    symlinkSync(ENGINE, join(this.dir, 'node_modules/@stepwell/engine'))
    this.#write()
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  /** @param choice which of the edits, from 0 up to 1 */
  edit(choice: number): void {
    this.#tick()
    const index = Math.floor(choice * (EDITS.length * 2))
    const edit = EDITS[index]
    if (edit !== undefined) return this.#apply(edit)
    if (choice > 0.95) {
      rmSync(join(this.dir, 'link.ts'))
      symlinkSync(`link-${this.#random() < 0.5 ? 'a' : 'b'}.ts`, join(this.dir, 'link.ts'))
      return
    }
    const { path, after, more } = mutate(this.#program, this.#random)
    this.#program = { ...this.#program, ...more, [path]: after }
    this.#write(choice > 0.75)
  }

  /** As a process that has just imported it would make it. */
  pipeline(): Pipeline {
    const file = join(this.dir, 'pipeline.ts')
    const made = readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((text, at) => {
        const [, name, rest] = /^const (\w+) = (step\(.*)$/.exec(text) ?? []
        if (name === undefined || rest === undefined) return []
        const column = text.length - rest.length + 1
        const frame = `    at ${pathToFileURL(file).href}:${at + 1}:${column}`
        return [[name, makeStep({ run: () => 1 }, `Error\n${frame}`)] as const]
      })
    const frame = `    at ${pathToFileURL(file).href}:1:1`
    return makePipeline('p', Object.fromEntries(made), `Error\n${frame}`)
  }

  #write(keepsTime = false): void {
    for (const [path, text] of Object.entries(this.#program)) {
      const file = join(this.dir, path)
      const before = statSync(file, { throwIfNoEntry: false })
      const now =
        path === 'pipeline.ts' ? text.replaceAll('async () => [', 'async () => [outer(), ') : text
      const whole = path === 'pipeline.ts' ? `${HEAD}${now}` : now
      if (before !== undefined && readFileSync(file, 'utf8') === whole) continue
      writeFiles(this.dir, { [path]: whole })
      if (keepsTime && before !== undefined) utimesSync(file, before.atime, before.mtime)
    }
  }

  #apply(edit: Edit): void {
    for (const [path, text] of Object.entries(edit)) {
      const file = join(this.dir, path)
      const stats = statSync(file, { throwIfNoEntry: false })
      const inTheWay = stats?.isDirectory() === true || text === undefined
      if (inTheWay) rmSync(file, { recursive: true, force: true })
      const parent = statSync(join(file, '..'), { throwIfNoEntry: false })
      if (parent?.isFile()) rmSync(join(file, '..'))
      if (text !== undefined) writeFiles(this.dir, { [path]: text })
    }
  }

  /** Lets the clock of the file system go on: no two edits have one time stamp. */
  #tick(): void {
    const before = this.now()
    while (this.now() === before);
  }

  /** Waits until a pipeline made now is made after its files were written. */
  settle(): void {
    const written = this.now()
    while (Date.now() <= written);
  }

  /** The time that a file written now is given, in milliseconds. */
  now(): number {
    const probe = join(this.root, 'probe')
    writeFileSync(probe, '')
    return statSync(probe).ctimeMs
  }
}

/** All of it, which is plain data: plans and states are made of it. */
function plain({ loading, doubts, steps }: PipelineCode): unknown {
  const code = { loading, doubts, steps: Object.fromEntries(steps) }
  return JSON.parse(canonicalJson(code))
}

afterEach(() => void vi.useRealTimers())

describe('what a manifest says is what an analysis finds', () => {
  // With the clock ahead of that of the files, each signature is trusted at once: that is the way by
  // which nothing is read. Otherwise all is compared by content.
  for (const ahead of [0, 10_000]) {
    test(`after any edits, by ${ahead === 0 ? 'content' : 'signature'}`, async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const tally = { known: 0, changed: 0, spared: 0 }
      await fc.assert(
        fc.asyncProperty(
          fc.integer(),
          fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 12 }),
          async (seed, choices) => {
            const project = new Project(seed)
            try {
              let before = ''
              for (const choice of [undefined, undefined, ...choices]) {
                if (choice !== undefined) project.edit(choice)
                vi.setSystemTime(performance.timeOrigin + performance.now() + ahead + 50)
                const pipeline = project.pipeline()
                const fresh = analyzeCode(pipeline, project.dir)
                const known = await findCode(pipeline, project.dir, project.cache)
                expect(plain(known.code)).toEqual(plain(fresh.code))
                const now = JSON.stringify(plain(fresh.code))
                if (known.isKnown) tally.known += 1
                if (now !== before) tally.changed += 1
                else if (known.isKnown && choice !== undefined) tally.spared += 1
                before = now
                await known.keep()
              }
            } finally {
              project.remove()
            }
          },
        ),
        { numRuns: RUNS },
      )
      process.stdout.write(`${JSON.stringify(tally)}\n`)
      // The manifest was used, and had it always been used, it would have been wrong.
      expect(tally.known).toBeGreaterThan(RUNS / 2)
      expect(tally.changed).toBeGreaterThan(RUNS)
    })
  }
})

/** A project that was analysed, with a manifest that holds. */
async function analysed(): Promise<Project> {
  const project = new Project(1)
  onTestFinished(() => project.remove())
  project.settle()
  await (await findCode(project.pipeline(), project.dir, project.cache)).keep()
  const { isKnown } = await findCode(project.pipeline(), project.dir, project.cache)
  expect(isKnown).toBe(true)
  return project
}

// Where names are folded, all of a listing counts.
test.skipIf(FOLDS_CASE)(
  'what comes and goes beside a project, or beside its modules, does not matter',
  async () => {
    const project = await analysed()
    const lookAgain = async () =>
      (await findCode(project.pipeline(), project.dir, project.cache)).isKnown
    // All that is above is looked into by name: imports may lead there.
    writeFiles(project.dir, {
      '../tsconfig.json': '{ "compilerOptions": { "baseUrl": ".." } }',
      'above.ts': "export { above } from '../../above-a-project'\nexport * from '..'",
      'pipeline.ts': `import './above.ts'\n${readFileSync(join(project.dir, 'pipeline.ts'), 'utf8')}`,
    })
    project.settle()
    expect(await lookAgain()).toBe(false)
    await (await findCode(project.pipeline(), project.dir, project.cache)).keep()
    expect(await lookAgain()).toBe(true)
    writeFiles(project.root, {
      'sibling/index.ts': '',
      'project/beside.ts': '',
    })
    const sibling = makeTemporaryDir()
    onTestFinished(() => rmSync(sibling, { recursive: true, force: true }))
    expect(await lookAgain()).toBe(true)
    writeFiles(project.root, { 'index.ts': 'export const above = 1' })
    project.settle()
    expect(await lookAgain()).toBe(false)
  },
)

test('a manifest is kept, whatever way a configuration names those that it refers to', async () => {
  const project = await analysed()
  writeFiles(project.dir, {
    'lib/tsconfig.json': PATHS('./*'),
    'other.json': PATHS('./src/*'),
    '../node_modules/shared/tsconfig.json': '{}',
    '../node_modules/@scope/shared/strict.json': '{}',
  })
  const known = [
    { references: [{ path: './lib' }, { path: 'lib' }, { path: 'other.json' }] },
    { extends: ['./other.json', 'shared', '@scope/shared/strict.json'] },
  ]
  for (const config of known) {
    writeFiles(project.dir, { 'tsconfig.json': JSON.stringify(config) })
    project.settle()
    await (await findCode(project.pipeline(), project.dir, project.cache)).keep()
    const { code, isKnown } = await findCode(project.pipeline(), project.dir, project.cache)
    expect(isKnown).toBe(true)
    expect(plain(code)).toEqual(plain(analyzeCode(project.pipeline(), project.dir).code))
  }
})

test('what the text of a module says is the same when it is not parsed again', async () => {
  const project = await analysed()
  const variants = EDITS.flatMap((edit) => edit['constants.ts'] ?? [])
  const pipeline = readFileSync(join(project.dir, 'pipeline.ts'), 'utf8')
  const found = new Set<string>()
  for (const text of variants) {
    for (const after of ['// one', '// two']) {
      writeFiles(project.dir, { 'constants.ts': text, 'pipeline.ts': `${pipeline}\n${after}` })
      project.settle()
      const made = project.pipeline()
      const fresh = analyzeCode(made, project.dir).code
      const { code, isKnown, keep } = await findCode(made, project.dir, project.cache)
      expect(isKnown).toBe(false)
      expect(plain(code)).toEqual(plain(fresh))
      found.add(JSON.stringify(plain(fresh)))
      await keep()
    }
  }
  expect(found.size).toBe(variants.length)
  expect([...found].join()).toContain('a value read from outside when the module is loaded')
})

test('variables are read each time', async () => {
  const project = await analysed()
  const valueIn = async (value: string) => {
    vi.stubEnv('FUZZ', value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { code, isKnown } = await findCode(project.pipeline(), project.dir, project.cache)
    expect(isKnown).toBe(true)
    return code.steps.get('a')?.env['FUZZ']
  }
  expect(await valueIn('1')).not.toBe(await valueIn('2'))
})

test('a process that lives on does not take what another one found in newer files', async () => {
  const project = await analysed()
  const old = project.pipeline()
  while (project.now() <= old.madeAt);
  const path = join(project.dir, 'num.ts')
  writeFileSync(path, `${readFileSync(path, 'utf8')}\nexport const more = 1\n`)
  const { ctimeMs } = statSync(path)
  while (Date.now() <= ctimeMs);
  const next = await findCode(project.pipeline(), project.dir, project.cache)
  await next.keep()
  expect((await findCode(project.pipeline(), project.dir, project.cache)).isKnown).toBe(true)
  const { code, isKnown, keep } = await findCode(old, project.dir, project.cache)
  expect(isKnown).toBe(false)
  expect(code.doubts.map(({ what }) => what)).toContain('a module that changed after it was loaded')
  await keep()
  expect((await findCode(project.pipeline(), project.dir, project.cache)).isKnown).toBe(true)
})

test('a manifest that is damaged, or about other steps or another directory, is none', async () => {
  const project = await analysed()
  const path = join(project.cache, 'p.json')
  const whole = readFileSync(path)
  const flipped = Uint8Array.from(whole)
  const middle = Math.floor(whole.length / 2)
  flipped[middle] = (flipped[middle] ?? 0) ^ 1
  const fresh = analyzeCode(project.pipeline(), project.dir).code
  for (const damaged of [flipped, whole.subarray(0, middle), '', '\n\n', 'null\nnull\nnull']) {
    writeFileSync(path, damaged)
    const { code, isKnown } = await findCode(project.pipeline(), project.dir, project.cache)
    expect(isKnown).toBe(false)
    expect(plain(code)).toEqual(plain(fresh))
  }
  writeFileSync(path, whole)
  const pipeline = project.pipeline()
  const [[name = '', first] = [], ...others] = pipeline.steps
  if (first === undefined) throw new Error('no steps')
  const { work, site } = definition(first)
  if (work.kind !== 'function') throw new Error('no function')
  const { run } = work
  for (const options of [{ version: '1' }, { code: pinned('v1') }]) {
    const changed = new Map([[name, makeStep({ run, ...options }, site)], ...others])
    const other = { ...pipeline, steps: changed }
    const { code, isKnown } = await findCode(other, project.dir, project.cache)
    expect(isKnown).toBe(false)
    expect(plain(code)).toEqual(plain(analyzeCode(other, project.dir).code))
  }
  expect((await findCode(pipeline, project.root, project.cache)).isKnown).toBe(false)
  expect((await findCode(pipeline, project.dir, project.cache)).isKnown).toBe(true)
})
