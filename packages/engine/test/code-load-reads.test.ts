import { describe, expect, test } from 'vitest'
import { createStories } from './support/projects.ts'

// Values that come from outside while modules are loaded, by whatever name the function goes that brings
// them in. What can be seen puts every step in doubt, and the warning names the line; a function that is
// only defined while modules are loaded is none of their business.

const story = createStories()

type Files = Readonly<Record<string, string>>

const TXT = 'k.txt'

/** `k` is 3 as read from a file, and 4 after its edit; the warning is about `place`. */
function reads(
  title: string,
  head: string,
  k: string,
  more: Files = {},
  place = /\w\.c?[jt]s:\d/,
): void {
  const files = {
    'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
${head}
const k = ${k}
const raw = step({ run: () => Number(k) })
export default pipeline('p', { raw })
`,
    ...more,
  }
  const told = story({ files: { ...files, [TXT]: '3' }, edit: { [TXT]: '4' } })
  test(title, () => {
    const { first, again, edited } = told()
    expect(first.error).toBeUndefined()
    expect(first.outputs['raw'], 'the project works').toBe(3)
    expect(edited.outputs['raw'], 'no stale output').toBe(4)
    expect(again.statuses).toEqual({ raw: 'succeeded' })
    expect(first.warnings.join('\n')).toMatch(/read from outside when the module is loaded/)
    expect(first.warnings.join('\n')).toMatch(place)
  })
}

const READ = `('k.txt', 'utf8')`
const FS = `import fs from 'node:fs'\n`

describe('under another name', () => {
  reads(
    'promises',
    `${FS}const fsp = fs.promises`,
    `await fsp.readFile${READ}`,
    {},
    /pipeline\.ts:4/,
  )
  reads('destructured', `${FS}const { readFileSync } = fs`, `readFileSync${READ}`)
  reads('destructured twice', `${FS}const { promises: { readFile } } = fs`, `await readFile${READ}`)
  reads('renamed', `${FS}const { readFileSync: read = fs.readFileSync } = fs`, `read${READ}`)
  reads(
    'the rest of a pattern',
    `${FS}const { constants, ...others } = fs\nvoid constants`,
    `others.readFileSync${READ}`,
  )
  reads(
    'a namespace',
    `import * as all from 'node:fs'\nconst read = all['readFileSync']`,
    `read${READ}`,
  )
  reads('without its scheme', `import { readFileSync as r } from 'fs'`, `r${READ}`)
  reads('default by name', `import { default as files } from 'fs'`, `files.readFileSync${READ}`)
  reads('an alias of an alias', `${FS}const a = fs\nconst b = a`, `b.readFileSync${READ}`)
  reads('an alias that is assigned', `${FS}let r: any\nr = fs.readFileSync`, `r${READ}`)
  reads('a choice', `${FS}const r = process.platform ? fs.readFileSync : String`, `r${READ}`)
  reads('an object', `${FS}const io = { read: fs.readFileSync }`, `io.read${READ}`)
  reads(
    'an object that it is put into',
    `${FS}const io: any = {}\nio.read = fs.readFileSync`,
    `io.read${READ}`,
  )
  reads('a spread', `${FS}const io = { ...fs }`, `io.readFileSync${READ}`)
  reads('a list', `${FS}const io = [fs.readFileSync]`, `io[0]!${READ}`)
  reads('a static field', `${FS}class Io { static read = fs.readFileSync }`, `Io.read${READ}`)
  reads('a field', `${FS}class Io { read = fs.readFileSync }`, `new Io().read${READ}`)
  reads(
    'promisify',
    `import { promisify } from 'node:util'\nimport { readFile } from 'node:fs'\nconst read = promisify(readFile)`,
    `await read${READ}`,
  )
  reads('bind', `${FS}const read = fs.readFileSync.bind(fs)`, `read${READ}`)
  reads('call', FS, `fs.readFileSync.call(fs, 'k.txt', 'utf8')`)
  reads('apply', `${FS}const { apply } = Reflect`, `apply(fs.readFileSync, fs, ['k.txt', 'utf8'])`)
  reads('Reflect.apply', FS, `Reflect.apply(fs.readFileSync, fs, ['k.txt', 'utf8'])`)
  reads('a sequence', FS, `(0, fs.readFileSync)${READ}`)
  reads('an optional call', FS, `fs?.readFileSync?.${READ}`)
  reads('a computed name', `${FS}const name = 'readFileSync' as const`, `fs[name]${READ}`)
  reads('an import in place', '', `(await import('node:fs')).readFileSync${READ}`)
  reads(
    'an import in place, then',
    '',
    `await import('node:fs').then((all) => all.readFileSync${READ})`,
  )
  reads(
    'an import in place that has a name',
    `const all = await import('node:fs/promises')`,
    `await all.readFile${READ}`,
  )
  reads(
    'require',
    `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
    `require('fs').readFileSync${READ}`,
  )
  reads(
    'require in CommonJS',
    `import { k as read } from './k.cjs'`,
    'read',
    {
      'k.cjs': `const { promises, readFileSync: r } = require('fs')\nvoid promises\nexports.k = r${READ}`,
    },
    /k\.cjs:3/,
  )
  reads('an object in CommonJS', `import { k as read } from './k.cjs'`, 'read', {
    'k.cjs': `const io = { fs: require('node:fs') }\nexports.k = io.fs.readFileSync${READ}`,
  })
  reads('a function that returns it', `${FS}const get = () => fs`, `get().readFileSync${READ}`)
  reads(
    'a function that is called in place',
    FS,
    `(() => { const r = fs.readFileSync; return r${READ} })()`,
  )
  reads('an argument', `${FS}const load = (io: typeof fs) => io.readFileSync${READ}`, 'load(fs)')
  reads(
    'an argument of another module',
    `${FS}import { load } from './load.ts'`,
    'load({ read: fs.readFileSync })',
    {
      'load.ts': `export const load = (io: any) => io.read${READ}`,
    },
  )
  reads(
    'a default of a parameter',
    `${FS}const load = (io = fs) => io.readFileSync${READ}`,
    'load()',
  )
  reads(
    'another module that passes it on',
    `import { readFileSync } from './io.ts'`,
    `readFileSync${READ}`,
    {
      'io.ts': `export { readFileSync } from 'node:fs'`,
    },
    /pipeline\.ts:3/,
  )
  reads(
    'another module that passes all on',
    `import { readFileSync } from './io.ts'`,
    `readFileSync${READ}`,
    {
      'io.ts': `export * from './more.ts'`,
      'more.ts': `export * from 'node:fs'`,
    },
  )
  reads(
    'another module that has it as a namespace',
    `import { io } from './io.ts'`,
    `io.readFileSync${READ}`,
    {
      'io.ts': `export * as io from 'node:fs'`,
    },
  )
  reads(
    'another module that has it by default',
    `import io from './io.ts'`,
    `io.readFileSync${READ}`,
    {
      'io.ts': `import fs from 'node:fs'\nexport default fs`,
    },
  )
  reads('another module that names it anew', `import { r } from './io.ts'`, `r${READ}`, {
    'io.ts': `import * as fs from 'node:fs'\nexport const r = fs.readFileSync`,
  })
  reads(
    'a namespace of a module that passes it on',
    `import * as io from './io.ts'\nconst read = io.readFileSync`,
    `read${READ}`,
    {
      'io.ts': `export * from 'node:fs'`,
    },
  )
})

describe('in functions that others call', () => {
  const LOAD = `${FS}const load = () => fs.readFileSync${READ}\n`
  reads('an alias of a function', `${LOAD}const again = load`, 'again()')
  reads('an object that holds a function', `${LOAD}const io = { load }`, 'io.load()')
  reads('a destructured function', `${LOAD}const { get } = { get: load }`, 'get()')
  reads('a method', `${FS}const io = { load() { return fs.readFileSync${READ} } }`, 'io.load()')
  reads('a callback by name', LOAD, '[1].map(load)[0]')
  reads('a promise', FS, `await new Promise((done) => done(fs.readFileSync${READ}))`)
  reads(
    'a function that calls what it is given',
    `${LOAD}const run = <T>(f: () => T): T => f()`,
    'run(load)',
  )
  reads(
    'a function that passes on what it is given',
    `${LOAD}const run = <T>(f: () => T): T => [0].map(f)[0] as T`,
    `run(() => load())`,
  )
  reads(
    'a function that calls a member of what it is given',
    `${LOAD}const run = ({ f }: { f: () => string }) => f()`,
    'run({ f: load })',
  )
  reads(
    'a package that calls what it is given',
    `${FS}import { run } from 'runs'`,
    `run(() => fs.readFileSync${READ})`,
    {
      'node_modules/runs/package.json':
        '{"name":"runs","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/runs/index.js': 'export const run = (f) => f()',
    },
  )
  reads('call of a function', LOAD, 'load.call(null)')
  reads(
    'a static block',
    FS,
    '(() => { class C { static k = ""; static { C.k = fs.readFileSync("k.txt", "utf8") } } return C.k })()',
  )
  reads('a getter', `${FS}const io = { get k() { return fs.readFileSync${READ} } }`, 'io.k')
  reads('a template', `${FS}const tag = (_: unknown) => fs.readFileSync${READ}`, 'tag`x`')
  reads(
    'another program',
    `import * as child from 'node:child_process'\nconst { execFileSync: run } = child`,
    `run(process.execPath, ['-p', 'fs.readFileSync("k.txt", "utf8")'], { encoding: 'utf8' })`,
  )
})

describe('what is asked', () => {
  const asks = (expression: string, head = ''): void => {
    const told = story({
      files: {
        'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
${head}
const k: unknown = ${expression}
const raw = step({ run: () => k !== undefined })
export default pipeline('p', { raw })
`,
      },
    })
    test(`${head} ${expression}`.trim(), () => {
      const { first, again } = told()
      expect(first.error).toBeUndefined()
      expect(first.outputs['raw']).toBe(true)
      expect(again.statuses).toEqual({ raw: 'succeeded' })
      expect(again.warnings.join('\n')).toMatch(/read from outside .*pipeline\.ts:\d/s)
    })
  }
  asks('Date.now()')
  asks('new Date()')
  asks('Date()')
  asks('new Date')
  asks('now()', 'const { now } = Date')
  asks('now()', 'const now = Date.now')
  asks('D.now()', 'const D = Date')
  asks('new D()', 'const D = Date')
  asks('globalThis.Date.now()')
  asks('[0].map(Date.now)')
  asks('Math.random()')
  asks('random()', 'const { random } = Math')
  asks('roll(Math.random)', 'const roll = (r: () => number) => r()')
  asks('Array.from({ length: 2 }, Math.random)')
  asks('Array.from({ length: 2 }, () => Math.random())')
  asks('performance.now()')
  asks('performance.timeOrigin')
  asks('crypto.randomUUID()')
  asks('crypto.getRandomValues(new Uint8Array(2))')
  asks('c.randomUUID()', `import * as c from 'node:crypto'`)
  asks('randomBytes(2)', `import { randomBytes } from 'node:crypto'`)
  asks('uuid()', `import { randomUUID as uuid } from 'crypto'`)
  asks('performance.now()', `import { performance } from 'node:perf_hooks'`)
  asks('process.hrtime()')
  asks('process.hrtime.bigint()')
  asks('process.pid')
  asks('process.memoryUsage().rss')
  asks('pid', `import { pid } from 'node:process'`)
  asks('os.cpus().length', `import os from 'node:os'`)
  asks('hostname()', `import { hostname } from 'node:os'`)
  asks(`await fetch('data:,k')`)
  asks(`await get('data:,k')`, 'const get = fetch')
  asks(`await get('data:,k')`, 'const get = (url: string, f = fetch) => f(url)')
  asks(`await globalThis.fetch('data:,k')`)
  asks('{ at: Date.now() }')
  asks('stamp()', 'const stamp = () => ({ at: new Date() })')
  asks('new Run()', 'class Run { at = Date.now() }')
  asks('seed', 'let seed: unknown\n{ const r = Math.random; seed = r() }')
})

describe('what is not read yet', () => {
  /** It is cached, and nothing is warned of. */
  const quiet = (title: string, head: string, options = 'run: () => 1', more: Files = {}): void => {
    const told = story({
      files: {
        'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
${head}
const raw = step({ ${options} })
export default pipeline('p', { raw })
`,
        'k.txt': '3',
        ...more,
      },
    })
    test(title, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().first.warnings).toEqual([])
      expect(told().again.statuses).toEqual({ raw: 'cached' })
    })
  }
  quiet(
    'an alias',
    `${FS}const { readFileSync, promises: fsp } = fs\nexport { fsp }`,
    `run: () => readFileSync${READ}`,
  )
  quiet(
    'a function of its own',
    `import { promisify } from 'node:util'\nimport { readFile } from 'node:fs'\nconst read = promisify(readFile)`,
    `run: () => read${READ}`,
  )
  quiet(
    'a function that makes a step',
    `${FS}const make = (name: string) => step({ run: () => fs.readFileSync('k.txt', 'utf8') })\nexport const other = make('x')`,
  )
  quiet(
    'a function that is given to one that makes a step',
    `${FS}import { basename } from 'node:path'\nconst make = (path: string, load: () => string) => step({ version: basename(path), run: () => load() })\nexport const other = make('k.txt', () => fs.readFileSync${READ})`,
  )
  quiet(
    'functions in a table',
    `${FS}const load = () => fs.readFileSync${READ}\nconst all = { load }\nexport const names = Object.keys(all).map((name) => name.length)`,
  )
  quiet('a function that waits', `${FS}process.once('exit', () => { fs.existsSync('k.txt') })`)
  quiet(
    'constants',
    `import fs from 'node:fs'\nimport os from 'node:os'\nexport const a = [fs.constants.O_RDONLY, os.EOL]`,
  )
  quiet(
    'a digest',
    `import { createHash } from 'node:crypto'\nexport const a = createHash('md5').update('x').digest('hex')`,
  )
  quiet('a given date', `export const a = new Date(0)\nexport const b = Date.UTC(2020, 1)`)
  quiet(
    'numbers',
    `export const a = Math.max(1, 2)\nconst { floor } = Math\nexport const b = floor(1.5)`,
  )
  quiet(
    'a test of a type',
    `const isDate = (x: unknown) => x instanceof Date\nexport const a = isDate(1)`,
  )
  quiet('a step that asks when it runs', '', 'run: () => typeof Date.now()')
})
