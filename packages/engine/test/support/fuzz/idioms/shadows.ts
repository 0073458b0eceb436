import type { ProjectWriter } from '../project.ts'

/** Expressions in which `N` is a name of their own. */
const OWN: readonly string[] = [
  '((N) => N + 1)(2)',
  '(({ N }) => N)({ N: 2 })',
  '(({ a: N }) => N)({ a: 2 })',
  '(({ a: { N } = { N: 2 } }) => N)({})',
  '(([N]) => N)([2])',
  '((N = 3) => N)()',
  '((N, y = N) => y)(2)',
  '((...N) => N.length)(1)',
  '(() => { const N = 2; return N })()',
  '(() => { let N; N = 2; return N })()',
  '(() => { var N = 2; return N })()',
  '(() => { if (true) { var N = 2 } return N })()',
  '(() => { { let N = 2; return N } })()',
  '(() => { const x = () => N; const N = 2; return x() })()',
  '(() => { try { throw 2 } catch (N) { return N } })()',
  '(() => { try { throw { N: 2 } } catch ({ N }) { return N } })()',
  '(() => { for (const N of [2]) return N })()',
  '(() => { for (let N = 2; ; ) return N })()',
  '(() => { for (const N in { a: 1 }) return N })()',
  '(() => { for (const [N] of [[2]]) return N })()',
  '(() => { function N() { return 2 } return N() })()',
  '(() => { return N(); function N() { return 2 } })()',
  '(() => { class N { static v = 2 } return N.v })()',
  '(function N() { return typeof N })()',
  '(class N { static v = typeof N }).v',
  '({ N: 2 }).N',
  '({ N() { return 2 } }).N()',
  'new (class { N = 2; get() { return this.N } })().get()',
  '(() => { switch (1) { case 1: { let N = 2; return N } } })()',
  '(() => { switch (1) { case 1: let N = 2; return N } })()',
  '(() => { N: for (;;) break N; return 2 })()',
  '(() => { const { a: N } = { a: 2 }; return N })()',
  '(() => { const { N } = { N: 2 }; return N })()',
  '(() => { const [, N = 2] = []; return N })()',
  '[1, 2].map((N) => N * 2)',
  '(async (N) => 1)(2) ? 1 : 0',
  '(() => { const f = (N) => { { return N } }; return f(2) })()',
  '(() => { const o = { set v(N) { this.w = N }, w: 0 }; o.v = 2; return o.w })()',
  'new (class { #v; constructor(N) { this.#v = N } get() { return this.#v } })(2).get()',
]

/** Expressions that use the constant `N` of the module, also where a name of their own is near. */
const SEEN: readonly string[] = [
  'N + 1',
  '((x = N) => x)()',
  '((x = () => N) => { var N = 2; return x() + N })()',
  '(({ a = N }) => a)({})',
  `(({ ['k' + N]: a = 5 }) => a)({ k1: 9, k2: 8, k3: 7 })`,
  '(() => { { const N = 2; void N } return N })()',
  '(() => { try { throw 1 } catch (N) { void N } return N })()',
  '(() => { for (const N of [1]) void N; return N })()',
  '(() => { for (let N = 0; N < 1; N += 1); return N })()',
  '(() => { const f = (N) => N; return f(1) + N })()',
  '({ N }).N',
  'Object.keys({ [N]: 1 })[0]',
  '(class { static N = N }).N',
  'new (class { x = N })().x',
  '(class { static v = N }).v',
  '(class { static { this.v = N } }).v',
  '(class { static get v() { return N } }).v',
  '(class { static [`m${N}`] = 1 })[`m3`] ?? 2',
  '(() => { const f = function N() { return 1 }; return N + f() })()',
  '(() => { const C = class N { static v = 1 }; return N + C.v })()',
  '(() => { { function N() {} void N } return N })()',
  '(() => { { class N {} void N } return N })()',
  '(() => { switch (1) { case 0: { let N; void N } } return N })()',
  '(() => { const o = { N: 1 }; return o.N + N })()',
  '`${N}`',
  '(() => { N: for (;;) { break N } return N })()',
  '((a, b = a + N) => b)(1)',
  '(() => { const { x = N } = {}; return x })()',
  '(({ x: y = N }) => y)({})',
  '(() => { do { const N = 1; void N } while (0); return N })()',
  '(() => { let y; ({ y = N } = {}); return y })()',
  '(() => { const g = (N) => () => N; return g(1)() + N })()',
  '((N) => N)(N)',
  '(({ N }) => N)({ N })',
  '(() => { const f = ({ N } = { N: 1 }) => N; return f() + N })()',
  '(() => { for (const x of [N]) { const N = 2; return x + N } })()',
  '(() => { const h = { m(N) { return N } }; return h.m(1) + N })()',
  '(() => { var f = (x = N) => { let N = 1; return x + N }; return f() })()',
  '[...Array(N)].length',
  '(N, N + 1)',
  'typeof N + N',
  'N ? N : 0',
  '(() => { const a = []; a[N] = 1; return a.length })()',
  '(() => { if (N > 0) { const N = 1; return N } return N })() + N',
]

/** A constant of a module whose name is also that of something else. */
export function shadow(writer: ProjectWriter): void {
  const name = writer.name('row')
  const where = writer.pick(['pipeline', 'pipeline', 'module', 'import'])
  const value = writer.digit()
  const fill = (form: string): string => form.replaceAll(/\bN\b/g, name)
  const [own, seen] = [fill(writer.pick(OWN)), fill(writer.pick(SEEN))]
  const isImported = where === 'import'
  const file = where === 'pipeline' ? writer.main : `${name}.js`
  const declaration = writer.pick([
    `const ${name} = ${value}`,
    `const ${name} = ${value}`,
    `let ${name} = ${value}`,
  ])
  if (where === 'pipeline') {
    writer.body.push(declaration)
    writer.step(`${name}own`, `run: () => [${own}].map(String)`)
    writer.step(`${name}seen`, `run: () => [${seen}].map(String)`)
  } else if (isImported) {
    writer.files[file] = `export ${declaration}`
    writer.imports.push(`import { ${name} } from './${file}'`)
    writer.step(`${name}own`, `run: () => [${own}].map(String)`)
    writer.step(`${name}seen`, `run: () => [${seen}].map(String)`)
  } else {
    writer.files[file] = [
      declaration,
      `export const own = () => ${own}`,
      `export const seen = () => ${seen}`,
    ].join('\n')
    writer.imports.push(`import { own as ${name}f, seen as ${name}g } from './${file}'`)
    writer.step(`${name}own`, `run: () => [${name}f()].map(String)`)
    writer.step(`${name}seen`, `run: () => [${name}g()].map(String)`)
  }
  const declared = new RegExp(`(?:const|let) ${name} = (\\d)`)
  writer.tweak(file, declared, [`${name}own`])
  writer.tweak(file, declared, [`${name}own`])
}

/** A step whose function takes an input by the name of the step that gives it: the usual way to write one. */
export function readme(writer: ProjectWriter): void {
  const name = writer.name('table')
  writer.step(name, `params: { k: ${writer.digit()} }, run: (_, { params }) => params.k > 0`)
  const run = writer.pick([
    `({ ${name} }) => ${name}`,
    `(inputs) => { const { ${name} } = inputs; return ${name} }`,
    `({ ${name} }) => [${name}].map((${name}) => ${name})`,
    `({ ${name}: given }) => given`,
  ])
  writer.step(`${name}out`, `inputs: { ${name} }, run: ${run}`)
  writer.tweak(writer.main, new RegExp(`const ${name} = .*k: (\\d)`), [`${name}out`])
  // Another step beside it.
  const added = `\nconst ${name}more = step({ run: () => 1 })\nexport default`
  writer.edits.push(({ files }) => {
    const text = files[writer.main] ?? ''
    if (text.includes(`${name}more`)) return undefined
    const grown = text
      .replace('\nexport default', () => added)
      .replace(/(export default pipeline\('p', \{)/, `$1 ${name}more,`)
    return { kind: 'add a step', change: { files: { [writer.main]: grown } }, harmless: [''] }
  })
}
