import type { ProjectWriter } from '../project.ts'

/** Modules that import each other: what is there already depends on where the circle is entered. */
export function circle(writer: ProjectWriter): void {
  const name = writer.name('ring')
  const [one, two] = [`${name}-a.js`, `${name}-b.js`]
  const early = writer.chance(0.5)
  writer.files[one] = [
    `import { b, early as other } from './${two}'`,
    `export const a = (x) => (x > 3 ? x : b(x + ${writer.digit()}))`,
    early
      ? `export var early = (() => { try { return other + ${writer.digit()} } catch { return 0 } })()`
      : `export const early = ${writer.digit()}`,
    `export const aside = ${writer.digit()}`,
  ].join('\n')
  writer.files[two] = [
    `import { a, early as other } from './${one}'`,
    `export const b = (x) => (x > 3 ? x : a(x + ${writer.digit()}))`,
    early
      ? `export var early = (() => { try { return (other ?? 2) + ${writer.digit()} } catch { return 1 } })()`
      : `export const early = ${writer.digit()}`,
  ].join('\n')
  const imports = [
    `import { a as ${name}a, early as ${name}ea } from './${one}'`,
    `import { b as ${name}b, early as ${name}eb } from './${two}'`,
  ]
  writer.imports.push(imports.join('\n'))
  writer.step(`${name}s`, `run: () => [${name}a(0), ${name}ea ?? 'none']`)
  writer.step(`${name}t`, `run: () => [${name}b(0), ${name}eb ?? 'none']`)
  writer.swap(writer.main, imports.join('\n'), imports.toReversed().join('\n'))
  writer.swap(writer.main, imports.join('\n'), imports.toReversed().join('\n'))
  writer.tweak(one, /b\(x \+ (\d)/)
  writer.tweak(two, /a\(x \+ (\d)/)
  writer.tweak(one, /aside = (\d)/, [`${name}s`, `${name}t`])
  if (early) writer.tweak(two, /\?\? 2\) \+ (\d)/)
}

/** A value that comes through several modules: again, renamed, by star, by default. */
export function through(writer: ProjectWriter): void {
  const name = writer.name('hop')
  const [from, via, twin] = [`${name}-from.js`, `${name}-via.js`, `${name}-twin.js`]
  const lines = [
    `export const x = ${writer.digit()}`,
    `export const y = ${writer.digit()}`,
    `export default function z(p = ${writer.digit()}) { return p + x }`,
    `export let v = ${writer.digit()}`,
    `export const setV = (to) => { v = to }`,
  ]
  writer.files[from] = lines.join('\n')
  writer.files[twin] = lines.join('\n').replace(/\d/, (digit) => String((Number(digit) % 9) + 1))
  const forms: readonly (readonly [string, string])[] = [
    [`export { x as p, y as q } from './${from}'`, `export { y as p, x as q } from './${from}'`],
    [`export { x as p, y as q } from './${from}'`, `export { x as p, y as q } from './${twin}'`],
    [
      `import { x, y } from './${from}'\nexport { x as p, y as q }`,
      `import { x, y } from './${from}'\nexport { y as p, x as q }`,
    ],
    [
      `import z, { x } from './${from}'\nexport const p = z\nexport { x as q }`,
      `import z, { x } from './${twin}'\nexport const p = z\nexport { x as q }`,
    ],
    [
      `export { default as p, v as q } from './${from}'`,
      `export { v as p, default as q } from './${from}'`,
    ],
    [
      `export * from './${from}'\nexport { x as p, y as q } from './${from}'`,
      `export * from './${twin}'\nexport { x as p, y as q } from './${from}'`,
    ],
    [
      `import { v, setV } from './${from}'\nsetV(4)\nexport { v as p }\nexport const q = 1`,
      `import { v, setV } from './${from}'\nsetV(5)\nexport { v as p }\nexport const q = 1`,
    ],
    [
      `import { x as p } from './${from}'\nimport { x as q } from './${twin}'\nexport { p, q }`,
      `import { x as q } from './${from}'\nimport { x as p } from './${twin}'\nexport { p, q }`,
    ],
  ]
  const [one, other] = writer.pick(forms)
  const star = writer.chance(0.4)
  writer.files[via] = one
  writer.files[`${name}-star.js`] = `export * from './${via}'`
  const entry = star ? `${name}-star.js` : via
  writer.imports.push(`import { p as ${name}p, q as ${name}q } from './${entry}'`)
  const value = (which: string): string => `typeof ${which} === 'function' ? ${which}() : ${which}`
  writer.step(`${name}s`, `run: () => [${value(`${name}p`)}, 1]`)
  writer.step(`${name}t`, `run: () => [${value(`${name}q`)}]`)
  writer.swap(via, one, other)
  writer.swap(via, one, other)
  writer.tweak(from, /const x = (\d)/)
  writer.tweak(from, /p = (\d)/)
  writer.tweak(from, /const y = (\d)/)
  writer.tweak(from, /let v = (\d)/)
  writer.tweak(via, /setV\((\d)/)
}

/** Initialisers that do something: what they change is used by steps that do not name them. */
export function effect(writer: ProjectWriter): void {
  const name = writer.name('eff')
  const [keep, act] = [`${name}-keep.js`, `${name}-act.js`]
  writer.files[keep] = [
    'export const table = {}',
    'export const list = []',
    'export const add = (k, v) => { table[k] = v; list.push(v); return v }',
  ].join('\n')
  const d = writer.digit()
  const forms = [
    `add('k', ${d})`,
    `export const added = add('k', ${d})`,
    `table.k = ${d}`,
    `export const { added } = { added: add('k', ${d}) }`,
    `export const [added = add('k', ${d})] = []`,
    `export class Act { static made = add('k', ${d}) }`,
    `export class Act { static { add('k', ${d}) } }`,
    `export const made = { k: add('k', ${d}) }`,
    `export const made = [add('k', ${d})]`,
    `export const made = \`\${add('k', ${d})}\``,
    `export class Act { static [add('k', ${d})] = 1 }`,
    `export class Act extends (add('k', ${d}), Object) {}`,
    `export const made = { get [add('k', ${d})]() { return 1 } }`,
    `const act = () => add('k', ${d})\nexport const made = act()`,
    `const act = (v = add('k', ${d})) => v\nexport const made = act()`,
    `const o = { get x() { return add('k', ${d}) } }\nexport const made = o.x`,
    `const o = { get x() { return add('k', ${d}) } }\nexport const made = { ...o }`,
    `const o = { get x() { return add('k', ${d}) } }\nexport const { x } = o`,
    `const o = { valueOf() { return add('k', ${d}) } }\nexport const made = o + 1`,
    `const o = { toString() { return String(add('k', ${d})) } }\nexport const made = \`\${o}\``,
    `const o = { *[Symbol.iterator]() { yield add('k', ${d}) } }\nexport const made = [...o]`,
    `const o = { *[Symbol.iterator]() { yield add('k', ${d}) } }\nexport const [made] = o`,
    `const tag = () => add('k', ${d})\nexport const made = tag\`x\``,
    `if (table.k === undefined) add('k', ${d})`,
    `for (const v of [${d}]) add('k', v)`,
    `export const made = await Promise.resolve(${d}).then((v) => add('k', v))`,
    `export default add('k', ${d})`,
    `export default class { static made = add('k', ${d}) }`,
    `export const made = new (class { constructor() { add('k', ${d}) } })()`,
    `export const made = true && add('k', ${d})`,
    `export const made = table.k ?? add('k', ${d})`,
    `export const made = typeof add('k', ${d})`,
    `export const made = [${d}].map((v) => add('k', v))`,
    `export const made = Object.assign(table, { k: ${d} })`,
    `export let made = add('k', ${d})`,
    `export var made = add('k', ${d})`,
    `const o = new Proxy({}, { get: () => add('k', ${d}) })\nexport const made = o.x`,
    `delete table.k; table.k ??= ${d}`,
    `Object.defineProperty(table, 'k', { get: () => ${d}, configurable: true, enumerable: true })`,
    `label: { add('k', ${d}); break label }`,
    `switch (1) { case add('k', ${d}): break; default: }`,
    `void add('k', ${d}), 1`,
  ]
  const text = writer.pick(forms)
  const names = ['add', 'table', 'list'].filter((each) => new RegExp(`\\b${each}\\b`).test(text))
  writer.files[act] = [
    `import { ${names.join(', ')} } from './${keep}'`,
    text,
    `export const aside = ${writer.digit()}`,
  ].join('\n')
  const entry = writer.pick(['bare', 'named', 'chain'])
  if (entry === 'bare') writer.imports.push(`import './${act}'`)
  else if (entry === 'named')
    writer.imports.push(`import { aside as ${name}a } from './${act}'; void ${name}a`)
  else {
    writer.files[`${name}-via.js`] = `export { aside } from './${act}'`
    writer.imports.push(`import './${name}-via.js'`)
  }
  writer.imports.push(`import { table as ${name}t, list as ${name}l } from './${keep}'`)
  writer.step(`${name}s`, `run: () => [${name}t.k ?? 0, ${name}l.length]`)
  writer.step(`${name}u`, `run: () => ${name}l.map(String)`)
  writer.tweak(act, /(?<![\w.'-])([1-9])(?![\w'])/)
  writer.tweak(act, /(?<![\w.'-])([1-9])(?![\w'])/)
  writer.edits.push(({ files }) => {
    const line = files[act]?.split('\n')
    const isThere = line?.includes('// gone') === false
    if (!isThere) return undefined
    return {
      kind: 'remove an effect',
      change: {
        files: {
          [act]: [`export const aside = 1`, '// gone', 'export const made = 1, added = 1'].join(
            '\n',
          ),
        },
      },
    }
  })
}

/** Default values of parameters and patterns, variables with writers, and the order of effects. */
export function values(writer: ProjectWriter): void {
  const name = writer.name('val')
  const file = `${name}.js`
  const d = (): string => writer.digit()
  const forms: readonly (readonly [lines: readonly string[], use: string])[] = [
    [[`const base = ${d()}`, 'export const f = (x = base) => x'], 'f()'],
    [[`const base = ${d()}`, 'export function f({ x = base } = {}) { return x }'], 'f()'],
    [[`const base = () => ${d()}`, 'export const f = ([x = base()] = []) => x'], 'f()'],
    [[`const base = ${d()}`, 'export class F { m(x = base) { return x } }'], 'new F().m()'],
    [
      [`const base = ${d()}`, 'export class F { constructor(x = base) { this.x = x } }'],
      'new F().x',
    ],
    [[`const base = ${d()}`, 'export const f = { m(x = base) { return x } }'], 'f.m()'],
    [[`const base = ${d()}`, 'export function* f(x = base) { yield x }'], '[...f()][0]'],
    [[`const base = ${d()}`, 'export const f = async (x = base) => x'], 'await f()'],
    [
      [
        `export let v = 1`,
        `const set = (x) => { v = x }`,
        `set(${d()})`,
        'export const f = () => v',
      ],
      'f()',
    ],
    [[`let v = ${d()}`, `v += ${d()}`, 'export const f = () => v'], 'f()'],
    [[`let v = ${d()}`, `;[v] = [${d()}]`, 'export const f = () => v'], 'f()'],
    [[`let v = ${d()}`, `for (v of [${d()}]);`, 'export const f = () => v'], 'f()'],
    [
      [
        `let v = ${d()}`,
        `export const up = () => { v = ${d()} }`,
        'up()',
        'export const f = () => v',
      ],
      'f()',
    ],
    [
      [`let v`, `export const f = () => { v ??= make(); return v }`, `const make = () => ${d()}`],
      'f()',
    ],
    [
      [`let v`, `export function f() { init(); return v }`, `function init() { v = ${d()} }`],
      'f()',
    ],
    [
      [
        `let v = 1`,
        `export function f() { g(); return v }`,
        `const g = () => { ({ v } = { v: ${d()} }) }`,
      ],
      'f()',
    ],
    [[`let f = () => ${d()}`, `f = () => ${d()}`, 'export { f }'], 'f()'],
    [
      [`export function f() { return ${d()} }`, `f.x = ${d()}`, 'export const g = () => f.x'],
      'g() + f()',
    ],
    [
      [
        `const list = [${d()}]`,
        `list.push(${d()})`,
        `list.unshift(${d()})`,
        'export const f = () => list.join()',
      ],
      'f()',
    ],
    [
      [
        `const log = []`,
        `const a = log.push(${d()})`,
        `const b = log.push(${d()})`,
        'export const f = () => [log.join(), a, b]',
      ],
      'f()',
    ],
    [
      [
        `const log = []`,
        `class A { static x = log.push(${d()}) }`,
        `class B { static x = log.push(${d()}) }`,
        'export const f = () => [log.join(), A.x, B.x]',
      ],
      'f()',
    ],
    [
      [`export const o = { a: ${d()}, b: ${d()} }`, 'export const f = () => JSON.stringify(o)'],
      'f()',
    ],
    [
      [
        `export const { a, b: [c = ${d()}] } = { a: ${d()}, b: [] }`,
        'export const f = () => a + c',
      ],
      'f()',
    ],
    [[`export const re = /a${d()}/g`, 'export const f = () => re.source'], 'f()'],
    [[`export const big = 900719925474099${d()}n`, 'export const f = () => String(big)'], 'f()'],
    [[`export const f = () => ['a', 'b'].map((x, i) => x + i * ${d()})`], 'f()'],
    [
      [
        `class P { m() { return ${d()} } }`,
        `export class F extends P { m() { return super.m() + ${d()} } }`,
      ],
      'new F().m()',
    ],
    [
      [
        `const mixin = (B) => class extends B { n() { return ${d()} } }`,
        'export class F extends mixin(Object) {}',
      ],
      'new F().n()',
    ],
    [
      [
        `const sym = Symbol('s')`,
        `export const o = { [sym]: ${d()} }`,
        'export const f = () => o[sym]',
      ],
      'f()',
    ],
    [
      [
        `export const f = (strings, ...v) => strings.raw.join('|') + v.join()`,
        `const k = ${d()}`,
        'export const g = () => f`a${k}b`',
      ],
      'g()',
    ],
    [
      [
        `export var early = hoisted()`,
        `function hoisted() { return ${d()} }`,
        'export const f = () => early',
      ],
      'f()',
    ],
    [[`export const f = () => typeof missing === 'undefined' ? ${d()} : 0`], 'f()'],
    [[`export const f = () => { try { return none() } catch { return ${d()} } }`], 'f()'],
    [
      [
        `export const f = function me(n = 3) { return n > 0 ? me(n - 1) + ${d()} : k }`,
        `const k = ${d()}`,
      ],
      'f()',
    ],
    [
      [
        `const table = new Map([['x', () => k]])`,
        `const k = ${d()}`,
        `export const f = () => table.get('x')()`,
      ],
      'f()',
    ],
    [[`const m = { get a() { return ${d()} }, set a(x) {} }`, 'export const f = () => m.a'], 'f()'],
    [
      [
        `export const f = (x) => { switch (x) { case k: return ${d()}; default: return ${d()} } }`,
        `const k = ${d()}`,
      ],
      `f(${d()})`,
    ],
    [[`export const f = () => new Date(2020, ${d()}).getMonth()`], 'f()'],
    [
      [`const a = { x: ${d()} }`, 'const b = a', `b.x = ${d()}`, 'export const f = () => a.x'],
      'f()',
    ],
    [
      [
        `const a = { x: ${d()} }`,
        `const set = (o) => { o.x = ${d()} }`,
        'set(a)',
        'export const f = () => a.x',
      ],
      'f()',
    ],
  ]
  const [lines, use] = writer.pick(forms)
  writer.files[file] = lines.join('\n')
  const names = [...new Set(use.match(/\b[fgF]\b/g) ?? [])]
  const local = (each: string): string => `${name}${each}`
  writer.imports.push(
    `import { ${names.map((each) => `${each} as ${local(each)}`).join(', ')} } from './${file}'`,
  )
  const called = use.replaceAll(/\b[fgF]\b/g, local)
  writer.step(`${name}s`, `run: async () => [${called}].map(String)`)
  for (let times = 0; times < 3; times += 1) {
    const nth = times
    writer.edits.push(({ files }) => {
      const text = files[file] ?? ''
      const found = [...text.matchAll(/(?<![\w.'-])[1-9](?![\w'])/g)]
      const { index } = found[nth % Math.max(1, found.length)] ?? {}
      if (index === undefined) return undefined
      const digit = String((Number(text[index]) % 9) + 1)
      return {
        kind: `a literal of values`,
        change: { files: { [file]: text.slice(0, index) + digit + text.slice(index + 1) } },
      }
    })
  }
  // Two lines change places: what they do happens in another order.
  writer.edits.push(({ files }) => {
    const all = (files[file] ?? '').split('\n')
    if (all.length < 3) return undefined
    const at = Math.floor(writer.random() * (all.length - 1))
    const [one = '', two = ''] = all.slice(at, at + 2)
    return {
      kind: 'swap lines of values',
      change: {
        files: { [file]: [...all.slice(0, at), two, one, ...all.slice(at + 2)].join('\n') },
      },
    }
  })
}
