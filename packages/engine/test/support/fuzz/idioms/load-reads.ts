import type { ProjectWriter } from '../project.ts'

/** How a module comes by a function that reads a file, under whatever name. */
interface Getter {
  readonly lines: readonly string[]
  /** The function, as an expression. */
  readonly get: string
  /** A module beside it. */
  readonly io?: string
}

const GETTERS: readonly Getter[] = [
  { lines: [`import { readFileSync } from 'node:fs'`], get: 'readFileSync' },
  { lines: [`import { readFileSync as load } from 'fs'`], get: 'load' },
  { lines: [`import fs from 'node:fs'`], get: 'fs.readFileSync' },
  { lines: [`import * as fs from 'node:fs'`], get: `fs['readFileSync']` },
  { lines: [`import fs from 'node:fs'`, `const { readFileSync } = fs`], get: 'readFileSync' },
  { lines: [`import fs from 'node:fs'`, `const { readFileSync: l = null } = fs`], get: 'l' },
  { lines: [`const { readFileSync } = await import('node:fs')`], get: 'readFileSync' },
  { lines: [`const fs = await import('node:fs')`], get: 'fs.readFileSync' },
  {
    lines: [
      `import { createRequire } from 'node:module'`,
      'const require = createRequire(import.meta.url)',
    ],
    get: `require('node:fs').readFileSync`,
  },
  {
    lines: [
      `import { createRequire } from 'node:module'`,
      'const require = createRequire(import.meta.url)',
      `const { readFileSync: take } = require('fs')`,
    ],
    get: 'take',
  },
  { lines: [`const fs = process.getBuiltinModule('node:fs')`], get: 'fs.readFileSync' },
  { lines: [], get: `globalThis.process.getBuiltinModule('fs').readFileSync` },
  {
    lines: [`import { readFileSync } from './io.js'`],
    get: 'readFileSync',
    io: `export { readFileSync } from 'node:fs'`,
  },
  {
    lines: [`import files from './io.js'`],
    get: 'files.readFileSync',
    io: `import fs from 'fs'\nexport default fs`,
  },
  {
    lines: [`import * as io from './io.js'`],
    get: 'io.readFileSync',
    io: `export * from 'node:fs'`,
  },
  {
    lines: [`import { tools } from './io.js'`],
    get: 'tools.load',
    io: `import { readFileSync } from 'node:fs'\nexport const tools = { load: readFileSync }`,
  },
  {
    lines: [`import { loader } from './io.js'`],
    get: 'loader()',
    io: `import { readFileSync } from 'node:fs'\nexport const loader = () => readFileSync`,
  },
  {
    lines: [`import { load } from './io.js'`],
    get: 'load',
    io: `import fs from 'node:fs'\nexport const load = (path, how) => fs.readFileSync(path, how)`,
  },
  {
    lines: [`import { Files } from './io.js'`],
    get: 'new Files().load',
    io: `import { readFileSync } from 'node:fs'\nexport class Files { load = readFileSync }`,
  },
  {
    lines: [`import fs from 'node:fs'`, 'const tools = { ...fs }'],
    get: 'tools.readFileSync',
  },
  {
    lines: [`import fs from 'node:fs'`, 'const [load] = [fs.readFileSync]'],
    get: 'load',
  },
  { lines: [`import fs from 'node:fs'`, `const name = 'readFileSync'`], get: 'fs[name]' },
  {
    lines: [`import fs from 'node:fs'`, 'const load = fs.readFileSync.bind(fs)'],
    get: 'load',
  },
  {
    lines: [`import fs from 'node:fs'`, 'let load', 'load = fs.readFileSync'],
    get: 'load',
  },
  {
    lines: [`import fs from 'node:fs'`, `const keep = new Map([['load', fs.readFileSync]])`],
    get: `keep.get('load')`,
  },
  {
    lines: ['let load', `await import('node:fs').then((m) => { load = m.readFileSync })`],
    get: 'load',
  },
  { lines: [`import { promises } from 'node:fs'`], get: 'promises.readFile' },
  {
    lines: [`import fs from 'node:fs'`, 'const fsp = fs.promises'],
    get: 'fsp.readFile',
  },
  {
    lines: [`import fsp from 'node:fs/promises'`, 'const { readFile } = fsp'],
    get: 'readFile',
  },
  {
    lines: [
      `import fs from 'node:fs'`,
      `import { promisify } from 'node:util'`,
      'const load = promisify(fs.readFile)',
    ],
    get: 'load',
  },
  {
    lines: [
      `import fs from 'node:fs'`,
      'const load = (path, how) => new Promise((done) => fs.readFile(path, how, (_, text) => done(text)))',
    ],
    get: 'load',
  },
  {
    lines: [
      `import { createReadStream } from 'node:fs'`,
      'const load = async (path) => Buffer.concat(await Array.fromAsync(createReadStream(path))).toString()',
    ],
    get: 'load',
  },
  {
    lines: [
      `import { openSync, readSync, closeSync } from 'node:fs'`,
      `const load = (path) => { const fd = openSync(path); const b = Buffer.alloc(99); const n = readSync(fd, b); closeSync(fd); return b.toString('utf8', 0, n) }`,
    ],
    get: 'load',
  },
]

/** How a function is called while the module is loaded; `text` is what it gave. */
type Use = (f: string, args: string) => readonly string[]

const USES: readonly Use[] = [
  (f, a) => [`const text = await ${f}(${a})`],
  (f, a) => [`const text = await (0, ${f})(${a})`],
  (f, a) => [`const text = await ${f}?.(${a})`],
  (f, a) => [`const pass = (g) => g(${a})`, `const text = await pass(${f})`],
  (f, a) => [`const text = await [${f}].map((g) => g(${a}))[0]`],
  (f, a) => [`const text = await ${f}.call(null, ${a})`],
  (f, a) => [`const text = await ${f}.apply(null, [${a}])`],
  (f, a) => [`const text = await Reflect.apply(${f}, null, [${a}])`],
  (f, a) => [`const o = { get t() { return ${f}(${a}) } }`, 'const text = await o.t'],
  (f, a) => [`class C { static t = ${f}(${a}) }`, 'const text = await C.t'],
  (f, a) => [`class C { t = ${f}(${a}) }`, 'const text = await new C().t'],
  (f, a) => [`class C { constructor() { this.t = ${f}(${a}) } }`, 'const text = await new C().t'],
  (f, a) => [`class C { static { this.t = ${f}(${a}) } }`, 'const text = await C.t'],
  (f, a) => [`class C { static get t() { return ${f}(${a}) } }`, 'const text = await C.t'],
  (f, a) => [
    `class B { constructor() { this.t = ${f}(${a}) } }`,
    'class C extends B {}',
    'const text = await new C().t',
  ],
  (f, a) => [`function d(t = ${f}(${a})) { return t }`, 'const text = await d()'],
  (f, a) => [`const text = await (() => ${f}(${a}))()`],
  (f, a) => [`const text = await (async () => ${f}(${a}))()`],
  (f, a) => [`const text = await (function* () { yield ${f}(${a}) })().next().value`],
  (f, a) => [`const [text] = await Promise.all((function* () { yield ${f}(${a}) })())`],
  (f, a) => [`const later = () => ${f}(${a})`, 'const text = await later()'],
  (f, a) => [`const later = () => ${f}(${a})`, 'const again = later', 'const text = await again()'],
  (f, a) => [
    `const later = () => ${f}(${a})`,
    'const go = (g) => g()',
    'const text = await go(later)',
  ],
  (f, a) => [`const go = (g) => g()`, `const text = await go(() => ${f}(${a}))`],
  (f, a) => [`const tools = { later() { return ${f}(${a}) } }`, 'const text = await tools.later()'],
  (f, a) => [`const { later } = { later: () => ${f}(${a}) }`, 'const text = await later()'],
  (f, a) => [`const text = await Promise.resolve().then(() => ${f}(${a}))`],
  (f, a) => [`const curry = (g) => () => g(${a})`, `const text = await curry(${f})()`],
  (f, a) => [`const text = await new Proxy({}, { get: () => ${f}(${a}) }).x`],
  (f, a) => [`const tag = () => ${f}(${a})`, 'const text = await tag``'],
  (f, a) => [`const { text: made = ${f}(${a}) } = {}`, 'const text = await made'],
  (f, a) => ['let text', `for (const g of [${f}]) text = await g(${a})`],
  (f, a) => ['let text', `try { throw ${f} } catch (g) { text = await g(${a}) }`],
  (f, a) => ['let text', `{ const g = ${f}; text = await g(${a}) }`],
  (f, a) => ['let text', `if (text === undefined) text = await ${f}(${a})`],
  (f, a) => ['const o = {}', `o.go = ${f}`, `const text = await o.go(${a})`],
  (f, a) => [`const o = Object.assign({}, { go: ${f} })`, `const text = await o.go(${a})`],
  (f, a) => [`const text = await Array.from([1], () => ${f}(${a}))[0]`],
  (f, a) => [`const text = await new Promise((done) => done(${f}(${a})))`],
  (f, a) => [`const text = await [1].reduce((s) => ${f}(${a}), '')`],
  (f, a) => [
    `const o = { [Symbol.iterator]: function* () { yield ${f}(${a}) } }`,
    'const [made] = o',
    'const text = await made',
  ],
  (f, a) => [`const text = await new Map([['x', ${f}]]).get('x')(${a})`],
  (f, a) => [`const f1 = (g) => f2(g)`, `const f2 = (g) => g(${a})`, `const text = await f1(${f})`],
  (f, a) => [`function make() { return ${f} }`, `const text = await make()(${a})`],
  (f, a) => [`const text = await (true ? ${f} : null)(${a})`],
  (f, a) => [`const text = await (${f} ?? null)(${a})`],
]

/** What gives another value each time, or in each process. */
const CLOCKS: readonly string[] = [
  'Date.now()',
  'new Date().getTime()',
  '(({ now }) => now())(Date)',
  'Date',
  '[Date.now].map((f) => f())[0]',
  'Math.random()',
  `Math['random']()`,
  '(0, Math.random)()',
  'performance.now()',
  'crypto.randomUUID()',
  'process.hrtime.bigint().toString()',
  'process.uptime()',
  'globalThis.Date.now()',
  'globalThis.performance.now()',
  'Reflect.construct(Date, []).getTime()',
  'new (class extends Date {})().getTime()',
  'Number(new Date())',
  'Date.prototype.constructor.now()',
]

const CLOCK_GETTERS: readonly (readonly [lines: readonly string[], value: string])[] = [
  [['const { now } = Date'], 'now()'],
  [['const clock = Date'], 'clock.now()'],
  [['const { random } = Math'], 'random()'],
  [['const dice = () => Math.random()'], 'dice()'],
  [['class Clock { at = Date.now() }'], 'new Clock().at'],
  [[`import { randomBytes } from 'node:crypto'`], `randomBytes(8).toString('hex')`],
  [[`import { performance as p } from 'node:perf_hooks'`], 'p.now()'],
  [[`import process from 'node:process'`], 'process.uptime()'],
  [[`import { hrtime } from 'node:process'`], 'hrtime.bigint().toString()'],
  [
    ['const pick = (xs) => xs[Math.floor(Math.random() * xs.length)]'],
    'pick(Array.from({ length: 999 }, (_, i) => i))',
  ],
  [['const stamp = (at = Date.now()) => at'], 'stamp()'],
  [
    ['const sort = (xs) => xs.toSorted(() => Math.random() - 0.5).join()'],
    'sort(Array.from({ length: 99 }, (_, i) => i))',
  ],
  ...CLOCKS.map((value) => [[], value] as const),
]

/** The value of `STEPWELL_Z0`. */
const ENVS: readonly (readonly [lines: readonly string[], value: string])[] = [
  [[], 'process.env.STEPWELL_Z0'],
  [[], `process.env['STEPWELL_Z0']`],
  [[], 'process?.env?.STEPWELL_Z0'],
  [['const { STEPWELL_Z0 } = process.env'], 'STEPWELL_Z0'],
  [['const { STEPWELL_Z0: z = 1 } = process.env'], 'z'],
  [['const { env } = process'], 'env.STEPWELL_Z0'],
  [['const { env: { STEPWELL_Z0: z } } = process'], 'z'],
  [[`import { env } from 'node:process'`], 'env.STEPWELL_Z0'],
  [[`import process from 'node:process'`], 'process.env.STEPWELL_Z0'],
  [[`import * as proc from 'node:process'`], 'proc.env.STEPWELL_Z0'],
  [['const e = process.env'], 'e.STEPWELL_Z0'],
  [['const p = process'], 'p.env.STEPWELL_Z0'],
  [[], 'globalThis.process.env.STEPWELL_Z0'],
  [[], `process['env'].STEPWELL_Z0`],
  [[], `Object.entries(process.env).find(([k]) => k === 'STEPWELL_Z0')[1]`],
  [[], `Reflect.get(process, 'env').STEPWELL_Z0`],
  [[], '({ ...process.env }).STEPWELL_Z0'],
  [['const envOf = (n) => process.env[n]'], `envOf('STEPWELL_Z0')`],
  [['const read = ({ env }) => env.STEPWELL_Z0'], 'read(process)'],
  [[`const n = 'STEPWELL_Z0'`], 'process.env[n]'],
  [[], '(({ STEPWELL_Z0: z }) => z)(process.env)'],
]

/** A value that a module reads while it is loaded, under one name or another; a step uses it. */
export function readAtLoad(writer: ProjectWriter): void {
  const name = writer.name('read')
  const conf = `${name}.json`
  writer.files[conf] = `{ "x": ${writer.digit()} }`
  const getter = writer.pick(GETTERS)
  const lines = [...getter.lines]
  const use = writer.pick(USES)(getter.get, `'${conf}', 'utf8'`)
  const module = `${name}.js`
  if (getter.io !== undefined) {
    writer.files[`${name}-io.js`] = getter.io
  }
  writer.files[module] = [
    ...lines.map((line) => line.replace('./io.js', `./${name}-io.js`)),
    ...use,
    'export const value = JSON.parse(text).x',
  ].join('\n')
  useValue(writer, name)
  writer.tweak(conf, /"x": (\d)/)
  writer.tweak(conf, /"x": (\d)/)
}

/** A clock or a die that is asked while a module is loaded. */
export function clockAtLoad(writer: ProjectWriter): void {
  const name = writer.name('clock')
  const [lines, value] = writer.pick(CLOCK_GETTERS)
  writer.files[`${name}.js`] = [...lines, `export const value = String(${value})`].join('\n')
  useValue(writer, name)
}

/** A variable that is read while a module is loaded, or when the step runs. */
export function variable(writer: ProjectWriter): void {
  const name = writer.name('env')
  const [lines, value] = writer.pick(ENVS)
  const late = writer.chance(0.5)
  const text = late
    ? [
        ...lines.filter((line) => line.startsWith('import')),
        `export const get = () => { ${lines.filter((line) => !line.startsWith('import')).join('; ')}; return ${value} }`,
      ]
    : [...lines, `export const value = ${value}`, 'export const get = () => value']
  writer.files[`${name}.js`] = text.join('\n')
  writer.imports.push(`import { get as ${name} } from './${name}.js'`)
  writer.step(`${name}s`, `run: () => [String(${name}()), ${writer.digit()}]`)
  for (let times = 0; times < 2; times += 1) {
    writer.edits.push(({ env }) => ({
      kind: 'env',
      change: { env: { ...env, STEPWELL_Z0: String(Number(env['STEPWELL_Z0']) + 1) } },
    }))
  }
}

function useValue(writer: ProjectWriter, name: string): void {
  writer.imports.push(`import { value as ${name} } from './${name}.js'`)
  writer.step(`${name}s`, `run: () => [${name}, ${writer.digit()}]`)
}
