import { describe, expect, test } from 'vitest'
import { canonicalText } from '../src/code/parse/canonical.ts'
import { parseSource, type Syntax } from '../src/code/parse/syntax.ts'
import { createStories, type Scenario } from './support/projects.ts'

// Projects written to deceive the analysis of code: each tries to make a step's output depend on
// something that its key does not show. Whatever the engine makes of them (it may follow them, or doubt
// and cache nothing), it must not show the old output after the edit.

const story = createStories()

/** Text in which `⟦a|b⟧` stands for `a` before the edit and for `b` after it. */
function version(text: string, after: boolean): string {
  return text.replaceAll(/⟦([^|⟧]*)\|([^|⟧]*)⟧/g, (_, a: string, b: string) => (after ? b : a))
}

type Files = Readonly<Record<string, string>>

function versions(files: Files, after: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [version(path, after), version(text, after)]),
  )
}

/** The output of step `raw` is 3 before the edit, 4 after it. */
function deceit(title: string, files: Files, more: Partial<Scenario> = {}): void {
  const told = story({ files: versions(files, false), edit: versions(files, true), ...more })
  test(title, () => {
    const { first, edited } = told()
    expect(first.error).toBeUndefined()
    expect(edited.error).toBeUndefined()
    expect(first.outputs['raw'], 'the project works').toEqual(3)
    expect(edited.outputs['raw'], 'no stale output').toEqual(4)
  })
}

/** A pipeline of one step that returns an expression. */
function raw(head: string, expression: string, tail = ''): string {
  return `import { pipeline, step } from '@stepwell/engine'
${head}
export const raw = step({ run: async () => (${expression}) })
${tail}
export default pipeline('p', { raw })
`
}

/** Step `raw` is an expression of `lib`, the namespace of a module, or of its exports by name. */
function lib(title: string, text: string, expression: string, more: Files = {}): void {
  const names = [...new Set([...expression.matchAll(/\blib\.(\w+)/g)].map(([, name]) => name))]
  const specifiers = names.map((name) => `${name} as lib_${name}`).join(', ')
  deceit(title, {
    'pipeline.ts': raw(
      `import { ${specifiers} } from './lib.ts'`,
      expression.replaceAll(/\blib\./g, 'lib_'),
    ),
    'lib.ts': text,
    ...more,
  })
}

describe('what is written', () => {
  deceit('a number too large for a literal', {
    'pipeline.ts': raw('', `(⟦1e999|null⟧ as unknown) === null ? 4 : 3`),
  })
  deceit('half of a surrogate pair', {
    'pipeline.ts': raw('', `'\\uD80⟦3|4⟧'.charCodeAt(0) - 0xd800`),
  })
  deceit('half of a surrogate pair in a template', {
    'pipeline.ts': raw('', '`\\uD80⟦3|4⟧`.charCodeAt(0) - 0xd800'),
  })
  deceit('a regular expression that is not of this version of the language', {
    'pipeline.ts': raw('', `/^(?i:a)⟦{3}|{4}⟧$/.test('AAA') ? 3 : 4`),
  })
  deceit('what a template tag sees of an invalid escape', {
    'pipeline.ts': raw('', 'Number(String.raw`\\u⟦3|4⟧`.slice(2))'),
  })
  deceit('a name after a line of another file with the same text', {
    'pipeline.ts': raw(`import { x } from './⟦a|b⟧.ts'`, 'x'),
    'a.ts': `import { k } from './c.ts'\nexport const x = k`,
    'b.ts': `import { l as k } from './c.ts'\nexport const x = k`,
    'c.ts': 'export const k = 3\nexport const l = 4',
  })
  deceit('a comment of a module that is read as text', {
    'pipeline.ts': raw(
      `import { readFileSync } from 'node:fs'`,
      `Number(/is (\\d)/.exec(readFileSync(new URL('./k.ts', import.meta.url), 'utf8'))?.[1])`,
    ),
    'k.ts': '// It is ⟦3|4⟧.\nexport const k = 0',
  })
  deceit('a comment of a module that is resolved and read as text', {
    'pipeline.ts': raw(
      `import { readFileSync } from 'node:fs'`,
      `Number(/is (\\d)/.exec(readFileSync(new URL(import.meta.resolve('./k.ts')), 'utf8'))?.[1])`,
    ),
    'k.ts': '// It is ⟦3|4⟧.\nexport const k = 0',
  })
  deceit('a comment of a CommonJS module that is resolved and read as text', {
    'pipeline.ts': raw(`import f from './f.cjs'`, 'f()'),
    'f.cjs': `const fs = require('fs')
module.exports = () => Number(/is (\\d)/.exec(fs.readFileSync(require.resolve('./k.cjs'), 'utf8'))[1])`,
    'k.cjs': '// It is ⟦3|4⟧.\nmodule.exports = 0',
  })
})

describe('names that do not mean what they seem to', () => {
  deceit('a URL that is none of the platform', {
    'pipeline.ts': raw(
      `import { readFileSync } from 'node:fs'\nimport { URL } from './url.ts'`,
      `Number(readFileSync(String(new URL('./k.txt', import.meta.url)), 'utf8'))`,
    ),
    'url.ts':
      `export class URL { constructor(private path: string, private base: string) {} toString() { return this.base.slice(7, this.base.lastIndexOf('/') + 1) + 'hidden/' + this.path } }`
        .replaceAll('private ', '')
        .replace(
          '{ constructor(path: string, base: string) {}',
          '{ path: string; base: string; constructor(path: string, base: string) { this.path = path; this.base = base }',
        ),
    'k.txt': '0',
    'hidden/k.txt': '⟦3|4⟧',
  })
  deceit('a join that is none of paths', {
    'pipeline.ts': raw(
      `import { readFileSync } from 'node:fs'\nimport { join } from './join.ts'`,
      `Number(readFileSync(join(import.meta.dirname, 'k.txt'), 'utf8'))`,
    ),
    'join.ts': `export const join = (dir: string, name: string) => dir + '/hidden/' + name`,
    'k.txt': '0',
    'hidden/k.txt': '⟦3|4⟧',
  })
  deceit('a method named resolve', {
    'pipeline.ts': raw(
      `import { readFileSync } from 'node:fs'\nconst files = { resolve: (dir: string, name: string) => dir + '/hidden/' + name }`,
      `Number(readFileSync(files.resolve(import.meta.dirname, 'k.txt'), 'utf8'))`,
    ),
    'k.txt': '0',
    'hidden/k.txt': '⟦3|4⟧',
  })
  deceit('a createRequire that is none of Node', {
    'pipeline.ts': raw(
      `import { createRequire } from './load.ts'\nconst require = createRequire(import.meta.url)`,
      `require('./k.cjs')`,
    ),
    'load.ts': `import { createRequire as make } from 'node:module'
export const createRequire = (url: string) => make(new URL('./hidden/x.js', url))`,
    'k.cjs': 'module.exports = 0',
    'hidden/k.cjs': 'module.exports = ⟦3|4⟧',
  })
  deceit('a parameter named require', {
    'pipeline.ts': raw(
      `import { load } from './load.ts'\nimport { createRequire as make } from 'node:module'`,
      `load(make(new URL('./hidden/x.js', import.meta.url)))`,
    ),
    'load.ts': `export const load = (require: any) => require('./k.cjs')`,
    'k.cjs': 'module.exports = 0',
    'hidden/k.cjs': 'module.exports = ⟦3|4⟧',
  })
  deceit('an Object that is none of the language', {
    'pipeline.ts': raw(`import { f, seen } from './lib.ts'\nvoid f`, 'seen.x'),
    'lib.ts': `export const seen: any = {}
const Object = { assign(_: any, from: any) { seen.x = from.x } }
export function f() {}
export const p = Object.assign(f, { x: ⟦3|4⟧ })`,
  })
  lib(
    'members given to a function that was replaced',
    `export const seen: any = {}
export function f() {}
// @ts-ignore
f = seen
export const p = Object.assign(f, { x: ⟦3|4⟧ })`,
    'lib.seen.x',
  )
  lib(
    'members given to a function with a setter',
    `export const seen: any = {}
export function f() {}
Object.defineProperty(f, 'x', { set(x) { seen.x = x } })
export const p = Object.assign(f, { x: ⟦3|4⟧ })`,
    'lib.seen.x',
  )
  lib(
    'a built-in that was replaced',
    `export const seen: any = {}
const { assign } = Object
Object.assign = ((to: any, from: any) => { seen.x = from.x; return to }) as any
export function f() {}
export const p = Object.assign(f, { x: ⟦3|4⟧ })
Object.assign = assign`,
    'lib.seen.x',
  )
  deceit('one module under two URLs', {
    'pipeline.ts': raw(
      `import { k } from './k.ts⟦|?v=1⟧'\nimport { set } from './k.ts?v=1'\nset(4)`,
      'k',
    ),
    'k.ts': 'export let k = 3\nexport const set = (x: number) => { k = x }',
  })
  deceit('one module under two URLs by way of another', {
    'pipeline.ts': raw(`import { k } from './again.ts'\nimport { set } from './k.ts'\nset(4)`, 'k'),
    'again.ts': `export { k } from './k.ts⟦#one|⟧'`,
    'k.ts': 'export let k = 3\nexport const set = (x: number) => { k = x }',
  })
  deceit('a dynamic import under two URLs', {
    'pipeline.ts': raw(`import { set } from './k.ts'\nset(4)`, `(await import('./k.ts⟦?one|⟧')).k`),
    'k.ts': 'export let k = 3\nexport const set = (x: number) => { k = x }',
  })
  deceit('a file that is data here and code there', {
    'pipeline.ts': raw(
      `import { words } from './words.ts'\nimport f from './f.cjs'`,
      `String(words) === '' ? 0 : f()`,
    ),
    'words.ts': `export const words = new URL('./lib/legacy', import.meta.url)`,
    'f.cjs': `module.exports = () => require('./lib/legacy')\n`,
    'lib/package.json': '{"type":"commonjs"}',
    'lib/legacy': `module.exports = require('../k.cjs')`,
    'k.cjs': 'module.exports = ⟦3|4⟧',
  })
  deceit('two names that an export list trades, twice', {
    'pipeline.ts': raw(`import { a } from './one.ts'`, 'a'),
    'one.ts': `export { b as a, a as b } from './two.ts'`,
    'two.ts': `import { x, y } from './xy.ts'\nexport { ⟦x as b, y as a|x as a, y as b⟧ }`,
    'xy.ts': 'export const x = 3\nexport const y = 4',
  })
  deceit('an export that comes to hide that of a star', {
    'pipeline.ts': raw(`import { k } from './lib.ts'`, 'k'),
    'lib.ts': `export * from './k.ts'\n⟦|export { l as k } from './k.ts'⟧`,
    'k.ts': 'export const k = 3\nexport const l = 4',
  })
  deceit('an alias that package.json has for a module', {
    'package.json': '{"type":"module","imports":{"#k":"./⟦a|b⟧.ts"}}',
    'pipeline.ts': raw(`import { k } from '#k'`, 'k'),
    'a.ts': 'export const k = 3',
    'b.ts': 'export const k = 4',
  })
  deceit('the project by its own name', {
    'package.json':
      '{"name":"self","type":"module","exports":{"./*":{"node":"./⟦a|b⟧/*.ts","default":"./c/*.ts"}}}',
    'pipeline.ts': raw(`import { k } from 'self/k'`, 'k'),
    'a/k.ts': 'export const k = 3',
    'b/k.ts': 'export const k = 4',
    'c/k.ts': 'export const k = 0',
  })
})

describe('text that is evaluated', () => {
  const K = { 'k.mjs': 'export const k = ⟦3|4⟧', 'k.cjs': 'module.exports = ⟦3|4⟧' }
  const text = (title: string, head: string, expression: string) =>
    deceit(title, { ...K, 'pipeline.ts': raw(head, expression) })
  const IMPORT = `'return import("file://" + process.cwd() + "/k.mjs")'`
  text(
    'the constructor of a constructor',
    '',
    `(await ([] as any).constructor.constructor(${IMPORT})()).k`,
  )
  text('the constructor of a function', '', `(await (() => {}).constructor(${IMPORT})()).k`)
  text(
    'the constructor of an asynchronous function',
    `const { constructor: Make } = async () => {}`,
    `(await (Make as any)(${IMPORT})()).k`,
  )
  text(
    'the constructor of a prototype',
    `const Make: any = Object.getPrototypeOf(function* () {}).constructor`,
    `(await Make(${IMPORT.replace('return', 'yield')})().next().value).k`,
  )
  text(
    'new of a constructor in a variable',
    `const make: any = (() => {}).constructor`,
    `(await new make(${IMPORT})()).k`,
  )
  text('Reflect.construct', '', `(await Reflect.construct(Function, [${IMPORT}])()).k`)
  text(
    'a getter by the name of eval',
    `const name = 'eval'`,
    `(globalThis as any)[name]('(' + String(3) + ')') + (await import('./k.mjs')).k - 3`,
  )
  text(
    'a module in a URL',
    '',
    `(await import('data:text/javascript,export { k } from "file://' + process.cwd() + '/k.mjs"')).k`,
  )
  text(
    'a worker that is given its code',
    `import { Worker } from 'node:worker_threads'\nimport { once } from 'node:events'`,
    `(await once(new Worker('require("worker_threads").parentPort.postMessage(require("./k.cjs"))', { eval: true }), 'message'))[0]`,
  )
  text(
    'a debugger',
    `import { Session } from 'node:inspector'`,
    `await new Promise((done) => { const s = new Session(); s.connect(); (s as any).post('Runtime.evaluate', { expression: 'process.getBuiltinModule("module").createRequire(process.cwd() + "/x")("./k.cjs")' }, (_: any, { result }: any) => done(result.value)) })`,
  )
  deceit('the global object as `this` in CommonJS', {
    'pipeline.ts': raw(`import f from './f.cjs'`, 'f()'),
    'f.cjs': `const all = (function () { return this })()
module.exports = () => all.process.getBuiltinModule('module').createRequire(__filename)('./k.cjs')`,
    ...K,
  })
})

describe('what happens while modules are loaded', () => {
  lib(
    'a base class whose prototype is replaced before and after',
    `function A() {}
A.prototype = { x: 3 }
⟦export class C extends (A as any) {}|A.prototype = { x: 4 }⟧
⟦A.prototype = { x: 4 }|export class C extends (A as any) {}⟧`,
    'new (lib.C as any)().x',
  )
  lib(
    'a base class whose prototype is defined before and after',
    `function A() {}
⟦export class C extends (A as any) {}|Object.defineProperty(A, 'prototype', { value: { x: 4 } })⟧
⟦Object.defineProperty(A, 'prototype', { value: { x: 4 } })|export class C extends (A as any) {}⟧`,
    '(new lib.C() as any).x ?? 3',
  )
  lib(
    'a helper that is called by a default of a pattern',
    `import { f } from './f.ts'\nexport const { k = f() } = {} as any`,
    'lib.k',
    { 'f.ts': 'export const f = () => ⟦3|4⟧' },
  )
  lib(
    'a helper that a computed key of a pattern calls',
    `const f = () => '⟦a|b⟧'\nexport const { [f()]: k } = { a: 3, b: 4 } as any`,
    'lib.k',
  )
  deceit('a package that a default of a pattern calls', {
    'pipeline.ts': raw(`import { g } from 'pc'\nconst { k = g() } = {} as any`, 'k'),
    'node_modules/pc/package.json': '{"name":"pc","version":"1.0.⟦0|1⟧","main":"index.js"}',
    'node_modules/pc/index.js': 'exports.g = () => ⟦3|4⟧',
  })
  deceit('a getter of a prototype among the params of another step', {
    'pipeline.ts': raw(
      `let n = 4
const p = { get x() { n -= 1; return 1 } }
const o: any = { __proto__: p }`,
      'n',
      `export const other = step({ params: { x: ⟦o.x|1⟧ }, run: () => 0 })`,
    ),
  })
  deceit('a getter that is defined, among the params of another step', {
    'pipeline.ts': raw(
      `let n = 4
const o: any = { x: 1 }
Object.defineProperty(o, 'x', { get() { n -= 1; return 1 } })`,
      'n',
      `export const other = step({ params: { x: ⟦o.x|1⟧ }, run: () => 0 })`,
    ),
  })
  deceit('a spread among the params of another step', {
    'pipeline.ts': raw(
      `let n = 4
const o: any = [1]
o[Symbol.iterator] = function* () { n -= 1 }`,
      'n',
      `export const other = step({ params: { x: ⟦[...o]|[]⟧ }, run: () => 0 })`,
    ),
  })
  const packages = {
    'node_modules/one/package.json': '{"name":"one","version":"1.0.0","type":"module"}',
    'node_modules/one/index.js': 'Array.stepwellOrder = 3',
    'node_modules/two/package.json': '{"name":"two","version":"1.0.0","type":"module"}',
    'node_modules/two/index.js': 'Array.stepwellOrder = 4',
    'three.ts': '(Array as any).stepwellOrder = 4',
  }
  deceit('two packages that trade places', {
    ...packages,
    'pipeline.ts': raw(`import '⟦two|one⟧'\nimport '⟦one|two⟧'`, `(Array as any).stepwellOrder`),
  })
  deceit('a package and a module that trade places', {
    ...packages,
    'pipeline.ts': raw(
      `import '⟦./three.ts|one⟧'\nimport '⟦one|./three.ts⟧'`,
      `(Array as any).stepwellOrder`,
    ),
  })
  lib(
    'an object that turns into a number',
    `export let k = 0
const o: any = { [Symbol.toPrimitive]() { k = ⟦3|4⟧; return 0 } }
export const seen = [o + 1]`,
    'lib.k',
  )
  deceit('a proxy around what another module exports', {
    'pipeline.ts': raw(`import { o } from './o.ts'\nimport './trap.ts'`, 'o.x'),
    'o.ts': `export const handler: any = {}\nexport const o: any = new Proxy({}, handler)`,
    'trap.ts': `import { handler as h } from './o.ts'\nh.get = () => ⟦3|4⟧`,
  })
  deceit('a callback that a third module calls', {
    'pipeline.ts': raw(`import { k } from './k.ts'\nimport './on.ts'\nimport './go.ts'`, 'k'),
    'k.ts': 'export let k = 0\nexport const set = (x: number) => { k = x }',
    'bus.ts': `const all: any[] = []\nexport const on = (f: any) => { all.push(f) }\nexport const go = (x: number) => { for (const f of all) f(x) }`,
    'on.ts': `import { on } from './bus.ts'\nimport { set } from './k.ts'\non(set)`,
    'go.ts': `import { go } from './bus.ts'\ngo(⟦3|4⟧)`,
  })
  lib(
    'a `var` of a block',
    'export { k }\nexport const set = () => { k = ⟦3|4⟧ }\n{ var k = 0 }\nset()',
    'lib.k',
  )
  lib(
    'a global that a CommonJS module makes by mistake',
    `import './leak.cjs'\nexport const f = () => (0, leakedK)\ndeclare const leakedK: number`,
    'lib.f()',
    { 'leak.cjs': 'leakedK = ⟦3|4⟧' },
  )
  deceit('modules that wait for each other', {
    'pipeline.ts': raw(
      `import './slow.ts'\nimport './fast.ts'\nimport { l } from './l.ts'`,
      'l[0]',
    ),
    'l.ts': 'export const l: number[] = []',
    'slow.ts': `import { l } from './l.ts'\nl.push(⟦3|await 3⟧)`,
    'fast.ts': `import { l } from './l.ts'\nl.push(4)`,
  })
  deceit('a value read by a helper', {
    'pipeline.ts': raw(`import { read } from './read.ts'\nconst k = read('k.txt')`, 'k'),
    'read.ts': `import { readFileSync } from 'node:fs'\nexport const read = (path: string) => Number(readFileSync(path, 'utf8'))`,
    'k.txt': '⟦3|4⟧',
  })
  deceit('values read in a callback', {
    'pipeline.ts': raw(
      `import { readFileSync } from 'node:fs'\nconst all = ['k.txt'].map((path) => Number(readFileSync(path, 'utf8')))`,
      'all[0]',
    ),
    'k.txt': '⟦3|4⟧',
  })
  deceit('a value read by a class', {
    'pipeline.ts': raw(
      `import { Config } from './config.ts'\nexport const config = new Config()`,
      'config.k',
    ),
    'config.ts': `import * as fs from 'node:fs'
export class Config { k: number; constructor() { this.k = this.#read() } #read() { return Number(fs.readFileSync('k.txt', 'utf8')) } }`,
    'k.txt': '⟦3|4⟧',
  })
  deceit('a value read by a helper that is awaited', {
    'pipeline.ts': raw(`import { load } from './load.ts'\nconst { k } = await load()`, 'k'),
    'load.ts': `import { readFile } from 'node:fs/promises'
const parse = async (path: string) => JSON.parse(await readFile(path, 'utf8'))
export async function load() { return { ...(await parse('k.json')) } }`,
    'k.json': '{"k":⟦3|4⟧}',
  })
  deceit('a value read in CommonJS', {
    'pipeline.ts': raw(`import { k } from './k.cjs'`, 'k'),
    'k.cjs': `const fs = require('fs')\nmodule.exports.k = Number(fs.readFileSync('k.txt', 'utf8'))`,
    'k.txt': '⟦3|4⟧',
  })
})

describe('packages', () => {
  deceit(
    'one that was installed from a directory',
    {
      'pipeline.ts': raw(`import { k } from 'fake'`, 'k'),
      'node_modules/.pnpm/fake@file+fake/node_modules/fake/package.json':
        '{"name":"fake","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/.pnpm/fake@file+fake/node_modules/fake/index.js': 'export const k = ⟦3|4⟧',
    },
    { links: { 'node_modules/fake': 'node_modules/.pnpm/fake@file+fake/node_modules/fake' } },
  )
  deceit('one that was installed from a repository', {
    'package.json': '{"type":"module","dependencies":{"fake":"github:someone/fake"}}',
    'pipeline.ts': raw(`import { k } from 'fake'`, 'k'),
    'node_modules/.package-lock.json':
      '{"packages":{"node_modules/fake":{"version":"1.0.0","resolved":"git+ssh://git@github.com/someone/fake.git#⟦a|b⟧"}}}',
    'node_modules/fake/package.json':
      '{"name":"fake","version":"1.0.0","type":"module","main":"index.js"}',
    'node_modules/fake/index.js': 'export const k = ⟦3|4⟧',
  })
  const undeclared = (title: string, far: Files, deep: string): void =>
    deceit(title, {
      'pipeline.ts': raw(`import { k } from 'far'`, 'k'),
      'node_modules/far/package.json':
        '{"name":"far","version":"1.0.0","type":"module","main":"index.js"}',
      ...far,
      [`node_modules/${deep}/package.json`]: `{"name":"${deep}","version":"1.0.⟦3|4⟧","main":"index.js"}`,
      [`node_modules/${deep}/index.js`]: 'exports.k = ⟦3|4⟧',
      [`node_modules/${deep}/lib/k.js`]: 'exports.k = ⟦3|4⟧',
    })
  const index = 'node_modules/far/index.js'
  undeclared(
    'one that another imports without declaring it',
    { [index]: `export { k } from 'deep'` },
    'deep',
  )
  undeclared(
    'one that another requires without declaring it',
    {
      [index]: `import c from './lib/c.cjs'\nexport const k = c.k`,
      'node_modules/far/lib/c.cjs': `module.exports=require("@s/deep/lib/k.js")`,
    },
    '@s/deep',
  )
  undeclared(
    'one that another imports later without declaring it',
    { [index]: 'const {k}=await import(`deep/lib/k.js`);export{k}' },
    'deep',
  )
  undeclared(
    'one that an undeclared one imports',
    {
      [index]: `import{k}from"near";export{k}`,
      'node_modules/near/package.json':
        '{"name":"near","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/near/index.js': `export*from'deep'`,
    },
    'deep',
  )
  deceit('one that hides another of the same name', {
    'pipeline.ts': raw(`import { k } from './lib/k.ts'`, 'k'),
    'lib/k.ts': `export { k } from 'fake'`,
    'node_modules/fake/package.json':
      '{"name":"fake","version":"1.0.0","type":"module","main":"index.js"}',
    'node_modules/fake/index.js': 'export const k = 3',
    '⟦unused|lib⟧/node_modules/fake/package.json':
      '{"name":"fake","version":"1.0.1","type":"module","main":"index.js"}',
    '⟦unused|lib⟧/node_modules/fake/index.js': 'export const k = 4',
  })
})

describe('the environment', () => {
  const cases: Record<string, (name: string) => Files> = {
    'a pattern within a pattern': (name) => ({
      'pipeline.ts': raw(`const { env: { ${name}: k } } = process`, 'Number(k)'),
    }),
    'a name in two parts': (name) => ({
      'pipeline.ts': raw('', `Number((process as any)['en' + 'v'].${name})`),
    }),
    'Reflect.get': (name) => ({
      'pipeline.ts': raw('', `Number(Reflect.get(process, 'env').${name})`),
    }),
    'all of node:process exported again': (name) => ({
      'pipeline.ts': raw(`import { env } from './all.ts'`, `Number(env.${name})`),
      'all.ts': `export * from 'node:process'`,
    }),
    'require in CommonJS': (name) => ({
      'pipeline.ts': raw(`import f from './f.cjs'`, 'f()'),
      'f.cjs': `const { env } = require('process')\nmodule.exports = () => Number(env.${name})`,
    }),
    'what CommonJS exports of process': (name) => ({
      'pipeline.ts': raw(`import p from './p.cjs'`, `Number(p.env.${name})`),
      'p.cjs': 'module.exports = process',
    }),
    'a loop over all variables': (name) => ({
      'pipeline.ts': raw(
        '',
        `(() => { for (const key in process.env) if (key === '${name}') return Number(process.env[key]) })()`,
      ),
    }),
    'a default of a parameter in another module': (name) => ({
      'pipeline.ts': raw(`import { f } from './f.ts'`, 'f()'),
      'f.ts': `const name = '${name}'\nexport const f = (k = process.env[name]) => Number(k)`,
    }),
    'a helper called when its module is loaded': (name) => ({
      'pipeline.ts': raw(`import { k } from './k.ts'`, 'k'),
      'k.ts': `import { read } from './read.ts'\nexport const k = read()`,
      'read.ts': `export const read = () => Number(process.env.${name})`,
    }),
    'a static block': (name) => ({
      'pipeline.ts': raw(`import { C } from './c.ts'`, 'C.k'),
      'c.ts': `export class C { static k = 0; static { const { ${name}: k } = process.env; this.k = Number(k) } }`,
    }),
  }
  for (const [index, [title, files]] of Object.entries(cases).entries()) {
    const name = `STEPWELL_D${index}`
    deceit(title, files(name), { env: { [name]: '3' }, envAfter: { [name]: '4' } })
  }
})

describe('steps that look alike', () => {
  /** Several steps that differ in what the analysis might overlook: each must give its own output. */
  const apart = (title: string, code: string, expected: object, more: Files = {}): void => {
    const head = `import { pipeline, step } from '@stepwell/engine'\n`
    const told = story({ files: { 'pipeline.ts': head + code, ...more } })
    test(title, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().first.outputs).toEqual(expected)
      expect(told().again.outputs).toEqual(expected)
    })
  }
  const pair = { 'p0/a': 1, 'p1/a': 2 }
  const EXPORT = `export default made.map((a: any, i: number) => pipeline('p' + i, { a }))`
  apart(
    'by super',
    `class B { k = 0; get x() { return this.k } }
class A extends B { make() { return step({ run: () => super.x }) } }
const made = [1, 2].map((k) => Object.assign(new A(), { k }).make())
${EXPORT}`,
    pair,
  )
  apart(
    'by new.target',
    `const found: any[] = []
function make() { found.push(step({ run: () => (new.target === undefined ? 1 : 2) })) }
make()
new (make as any)()
const made = found
${EXPORT}`,
    pair,
  )
  apart(
    'by new.target, in a loop',
    `const found: any[] = []
function make() { found.push(step({ run: () => (new.target === undefined ? 1 : 2) })) }
for (const f of [() => make(), () => new (make as any)()]) f()
const made = found
${EXPORT}`,
    pair,
  )
  apart(
    'by the name of a class expression',
    `const make = (k: number) => (class C { static k = k; static made = step({ run: () => C.k }) }).made
const made = [1, 2].map(make)
${EXPORT}`,
    pair,
  )
  apart(
    'by the name of a function expression',
    `const make = (k: number) => {
  const f: any = function self() { return step({ run: () => (self as any).k }) }
  f.k = k
  return f()
}
const made = [1, 2].map(make)
${EXPORT}`,
    pair,
  )
  apart(
    'by `with`',
    `import make from './make.cjs'
const made = [1, 2].map((k) => make(step, { k }))
${EXPORT}`,
    pair,
    {
      'make.cjs': `module.exports = (step, o) => { with (o) { return step({ run: () => k }) } }`,
    },
  )
  apart(
    'by a step() whose `this` is its first argument',
    `const s: any = Function.prototype.call.bind(step as any)
const made = [1, 2].map((k) => s(null, { run: () => k }))
${EXPORT}`,
    pair,
  )
  apart(
    'by a step() that is given its options by another function',
    `const s: any = (Function.prototype as any).bind.call(step, null)
const made = [1, 2].map((k) => s({ ['run']: () => k }))
${EXPORT}`,
    pair,
  )
  apart(
    'by a private member',
    `class A { #k: number; constructor(k: number) { this.#k = k } make() { const me = this; return step({ run: () => me.#k }) } }
const made = [1, 2].map((k) => new A(k).make())
${EXPORT}`,
    pair,
  )
  apart(
    'by a default of a parameter',
    `const make = (k: number, run = () => k) => step({ run })
const made = [1, 2].map((k) => make(k))
${EXPORT}`,
    pair,
  )
  apart(
    'by a catch',
    `const make = (k: number) => { try { throw k } catch (e) { return step({ run: () => e as number }) } }
const made = [1, 2].map(make)
${EXPORT}`,
    pair,
  )
  apart(
    'by await',
    `const make = async (k: number) => { await null; return step({ run: () => k }) }
const made = await Promise.all([1, 2].map(make))
${EXPORT}`,
    pair,
  )
  apart(
    'by then',
    `const made = await Promise.all([1, 2].map((k) => Promise.resolve({ run: () => k }).then(step as any)))
${EXPORT}`,
    pair,
  )
  apart(
    'by a reviver of JSON',
    `const make = (k: number) => JSON.parse('[0]', (_, value) => (Array.isArray(value) ? value : step({ run: () => k })))[0]
const made = [1, 2].map(make)
${EXPORT}`,
    pair,
  )
  apart(
    'by the order of the links of another pipeline',
    `const one = pipeline('one', [['x', () => 1], ['y', () => 2]])
const [x, y] = [...one.steps.values()] as any[]
export default [pipeline('p', { y, x })]`,
    { 'p/x': 1, 'p/y': 2 },
  )
  deceit('a link of another pipeline alone', {
    'pipeline.ts': `import { pipeline } from '@stepwell/engine'
const one = pipeline('one', [['x', () => 0], ['raw', () => ⟦3|4⟧]])
const [x, raw] = [...one.steps.values()] as any[]
export default pipeline('p', { raw, x })`,
  })
})

describe('what a name stands for', () => {
  const ns = (title: string, text: string, expression: string, more: Files = {}) =>
    deceit(title, {
      'pipeline.ts': raw(`import * as ns from './lib.ts'`, expression),
      'lib.ts': text,
      ...more,
    })
  const SEES = 'export function f(this: any) { return this.k }\nexport const k = ⟦3|4⟧'
  ns('a member of a namespace', 'export const k = ⟦3|4⟧', 'ns.k')
  ns('an optional member of a namespace', 'export const k = ⟦3|4⟧', 'ns?.k')
  ns('a member of a namespace in quotes', 'export const k = ⟦3|4⟧', `ns['k']`)
  ns(
    'a member of a namespace by a computed name',
    'export const k = ⟦3|4⟧',
    `ns['KEY'.toLowerCase()[0]!]`,
  )
  ns(
    'members of a namespace that are listed',
    'export const k = 1, l = 1, m = 1⟦|, n = 1⟧',
    'Object.keys(ns).length',
  )
  ns('whether a namespace has a member', '⟦|export const k = 3⟧', `'k' in ns ? 4 : 3`)
  ns(
    'the type of a member of a namespace',
    '⟦const|export const⟧ k = 3\nexport const j = 1',
    `typeof (ns as any).k === 'number' ? 4 : 3`,
  )
  ns(
    'a namespace that is taken apart',
    'export const k = ⟦3|4⟧',
    '(() => { const { k } = ns; return k })()',
  )
  ns('a namespace that is spread', 'export const k = ⟦3|4⟧', '({ ...ns }).k')
  ns('a function that sees the namespace it is a member of', SEES, 'ns.f()')
  ns('a template that sees the namespace', SEES, 'ns.f``')
  ns('a function that sees the namespace, optionally', SEES, 'ns?.f?.()')
  ns(
    'a method that is made elsewhere',
    `import { make } from './make.ts'\nexport const f = make()\nexport const k = ⟦3|4⟧`,
    'ns.f()',
    {
      'make.ts': 'export const make = () => function (this: any) { return this.k }',
    },
  )
  ns(
    'an arrow function after it was assigned to',
    `export let f: any = () => 0\nf = function (this: any) { return this.k }\nexport const k = ⟦3|4⟧`,
    'ns.f()',
  )
  ns(
    'a member of a namespace that is a namespace',
    `export * as inner from './inner.ts'`,
    'ns.inner.k',
    {
      'inner.ts': 'export const k = ⟦3|4⟧',
    },
  )
  ns(
    'a function of a namespace in a namespace',
    `export * as inner from './inner.ts'`,
    'ns.inner.f()',
    {
      'inner.ts': SEES,
    },
  )
  deceit('a function of an imported namespace', {
    'pipeline.ts': raw(`import { inner } from './lib.ts'`, 'inner.f()'),
    'lib.ts': `import * as inner from './inner.ts'\nexport { inner }`,
    'inner.ts': SEES,
  })
  deceit('a default parameter beside a variable of that name', {
    'pipeline.ts': raw(
      'const k = ⟦3|4⟧\nconst f = (g = () => k) => { var k = 0; return g() + k }',
      'f()',
    ),
  })
  deceit('a name after the block that shadows it', {
    'pipeline.ts': raw(
      'const k = ⟦3|4⟧\nconst f = () => { { const k = 0; void k } for (const k of [0]) void k; return k }',
      'f()',
    ),
  })
  deceit('the discriminant of a switch', {
    'pipeline.ts': raw(
      'const k = ⟦3|4⟧\nconst f = () => { switch (k as number) { case 3: return 3; default: { let k = 4; return k } } }',
      'f()',
    ),
  })
  deceit('a variable of a loop at the top level', {
    'pipeline.ts': raw('for (var f of [() => ⟦3|4⟧]) void f', 'f()'),
  })
  deceit('the same text with other variables', {
    'pipeline.ts': raw('const f = (a: number, b: number) => ⟦a|b⟧', 'f(3, 4)'),
  })
  deceit('another name of a pattern', {
    'pipeline.ts': raw('const [p, q] = [3, 4]', '⟦p|q⟧'),
  })
  deceit('constants of one text that trade places', {
    'pipeline.ts': raw(
      'let n = 2\nconst next = () => (n += 1)\n⟦const a = next()\nconst b = next()|const b = next()\nconst a = next()⟧',
      'a',
    ),
  })
  deceit('a name that a function goes by', {
    'pipeline.ts': raw(
      'const f = () => { const ⟦abc|abcd⟧ = () => 1; return ⟦abc|abcd⟧.name.length }',
      'f()',
    ),
  })
})

describe('the global object', () => {
  const global = (title: string, head: string, expression: string) =>
    deceit(title, { 'pipeline.ts': raw(head, expression), 'package.json': '{"type":"module"}' })
  global('a member that is written', '(globalThis as any).k = ⟦3|4⟧', '(globalThis as any).k')
  global(
    'a member that is written behind an alias',
    'const g: any = globalThis\ng.k = ⟦3|4⟧',
    '(globalThis as any).k',
  )
  global(
    'a member that is taken apart into',
    ';({ k: (globalThis as any).k } = { k: ⟦3|4⟧ })',
    '(globalThis as any).k',
  )
  global(
    'a member of a member that is written',
    'Object.assign(globalThis, { o: {} })\n;(globalThis as any).o.k = ⟦3|4⟧',
    '(globalThis as any).o.k',
  )
  global('eval', '', `(globalThis as any).eval('⟦3|4⟧')`)
  global('a function made of text', '', `(globalThis as any).Function('return ⟦3|4⟧')()`)
  global(
    'process, destructured',
    '',
    `(({ env }: any) => ⟦3|4⟧ + (env.NONE ?? 0))(globalThis.process)`,
  )
  global('a loop over it', 'for ((globalThis as any).k of [⟦3|4⟧]) ;', '(globalThis as any).k')
})

describe('when a step is made', () => {
  const made = (title: string, body: string, files: Files = {}) =>
    deceit(title, {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'\n${body}\nexport default pipeline('p', { raw, other })\n`,
      ...files,
    })
  const OTHER = 'export const other = step({ run: () => 0 })'
  const RAW = 'export const raw = step({ run: f })'
  const LET = 'let f = () => 3'
  made(
    'before or after its function is assigned to',
    `${OTHER}\n${LET}\n⟦${RAW}|⟧\nf = () => 4\n⟦|${RAW}⟧`,
  )
  made('before or after, in one line', `${OTHER}; ${LET}; ⟦${RAW};|⟧ f = () => 4; ⟦|${RAW};⟧`)
  made(
    'trading places with a step of the same text',
    `${LET}\n⟦${RAW}|export const other = step({ run: f })⟧\nf = () => 4\n⟦export const other = step({ run: f })|${RAW}⟧`,
  )
  const NEXT = 'let n = 2\nconst next = () => { n += 1; const k = n; return () => k }'
  made(
    'trading places in one statement',
    `${NEXT}\nexport const [⟦raw, other|other, raw⟧] = [step({ run: next() }), step({ run: next() })] as const`,
  )
  made(
    'trading places in an object',
    `${NEXT}\nconst o = { ⟦a: step({ run: next() }), b: step({ run: next() })|b: step({ run: next() }), a: step({ run: next() })⟧ }\nconst raw = o.a, other = o.b`,
  )
  made(
    'trading names in an object',
    `${NEXT}\nconst o = { a: step({ run: next() }), b: step({ run: next() }) }\nconst raw = o.⟦a|b⟧, other = o.⟦b|a⟧`,
  )
  made(
    'before or after a package changes the name it is imported by',
    `import { f, flip } from 'pack'\n${OTHER}\n⟦${RAW}|⟧\nflip()\n⟦|${RAW}⟧`,
    {
      'node_modules/pack/package.json':
        '{"name":"pack","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/pack/index.js':
        'export let f = () => 3\nexport const flip = () => { f = () => 4 }',
    },
  )
  made(
    'in a block, with what is bound there',
    `let raw: any\n${OTHER}\n{ const k = ⟦3|4⟧; raw = step({ run: () => k }) }`,
  )
  made(
    'from a member that is written to',
    `${OTHER}\nconst o = { f: () => 3 }\n⟦export const raw = step({ run: o.f })|⟧\no.f = () => 4\n⟦|export const raw = step({ run: o.f })⟧`,
  )
  made(
    'in a circle of modules, entered elsewhere',
    `import ⟦'./a.ts'\nimport './b.ts'|'./b.ts'\nimport './a.ts'⟧\nimport { value } from './state.ts'\nexport const raw = step({ run: () => value() })\n${OTHER}`,
    {
      'a.ts': `import { b } from './b.ts'\nimport { add } from './state.ts'\nexport function a() { return 1 }\nadd('a', b)`,
      'b.ts': `import { a } from './a.ts'\nimport { add } from './state.ts'\nexport const c = 1\nexport function b() { return c }\nadd('b', a)`,
      'state.ts': `const seen: string[] = []\nexport const add = (name: string, f: () => number) => { try { f(); seen.push(name) } catch { seen.push('none') } }\nexport const value = () => seen[0] === 'b' ? 3 : 4`,
    },
  )
})

describe('what is not run here', () => {
  const textOf = (code: string): string => {
    const syntax = parseSource('x.ts', new TextEncoder().encode(code)) as Syntax
    return canonicalText(syntax.root)
  }
  test('an alias of another member of a namespace', () => {
    const alias = (name: string) =>
      textOf(`namespace N { export const a = 3, b = 4 }\nimport k = N.${name}`)
    expect(alias('a')).not.toBe(alias('b'))
  })

  for (const expression of [
    'process.argv[2] ?? 3',
    'process.stdin.fd',
    '(() => 3).constructor.length',
  ]) {
    const told = story({ files: { 'pipeline.ts': raw('', expression) } })
    test(`${expression} is in doubt`, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().again.statuses['raw']).toBe('succeeded')
      expect(told().again.warnings).not.toEqual([])
    })
  }
  for (const expression of [
    'new (class A { me() { return this.constructor.name } })().me()',
    '[].constructor === Array',
    'new Map().constructor.name',
  ]) {
    const told = story({ files: { 'pipeline.ts': raw('', expression) } })
    test(`${expression} is not`, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().again.statuses['raw']).toBe('cached')
    })
  }
})

describe('shapes of work', () => {
  const head = `import { gate, matrix, pipeline, step } from '@stepwell/engine'\n`
  deceit('a function that a matrix calls while the module is loaded', {
    'pipeline.ts': `${head}
const state = { x: 0 }
const fits = matrix({ a: [1] }, (params) => { state.x = ⟦3|4⟧; return step({ params, run: () => 1 }) })
const raw = step({ run: () => state.x })
export default pipeline('p', { fits, raw })`,
  })
  deceit('a function that a matrix calls, as an expression', {
    'pipeline.ts': `${head}
const state = { x: 0 }
const set = (x: number) => { state.x = x; return {} }
const fits = matrix({ a: [1] }, () => step({ params: set(⟦3|4⟧), run: () => 1 }))
const raw = step({ run: () => state.x })
export default pipeline('p', { fits, raw })`,
  })
  deceit('a value of a matrix that a function captures', {
    'pipeline.ts': `${head}
const fits = matrix({ a: [⟦3|4⟧] }, ({ a }) => step({ run: () => a }))
const raw = step({ inputs: fits, run: (all) => Object.values(all)[0] })
export default pipeline('p', { fits, raw })`,
  })
  deceit('a default export that an import gives to a step', {
    'pipeline.ts': `${head}
import table from './table.ts'
const raw = step({ run: () => table.x })
export default pipeline('p', { raw })`,
    'table.ts': 'export default { x: ⟦3|4⟧ }',
  })
  deceit('a default export that is changed while another module is loaded', {
    'pipeline.ts': `${head}
import table from './table.ts'
import './change.ts'
const raw = step({ run: () => table.x })
export default pipeline('p', { raw })`,
    'table.ts': 'export default { x: 0 }',
    'change.ts': `import table from './table.ts'\ntable.x = ⟦3|4⟧`,
  })
  deceit('what an item of a mapped step reaches', {
    'pipeline.ts': `${head}
import { scale } from './scale.ts'
const list = step({ run: () => [1] })
const each = step.map({ over: list, run: ({ item }) => scale(item) })
const raw = step({ inputs: { each }, run: (all) => all.each[0] })
export default pipeline('p', { list, each, raw })`,
    'scale.ts': 'export const scale = (x: number): number => x * ⟦3|4⟧',
  })
})
