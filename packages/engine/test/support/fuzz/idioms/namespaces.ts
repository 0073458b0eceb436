import type { ProjectWriter } from '../project.ts'

/** Uses of one member of a namespace, `NS.f`, and no other. */
const EXACT: readonly string[] = [
  'NS.f(1)',
  'NS.f?.(2)',
  'NS?.f(3)',
  `NS['f'](1)`,
  '(NS).f(1)',
  '[1, 2].map(NS.f)',
  '[NS.f, NS.k].length + NS.k',
  'typeof NS.f + NS.k',
  '((x = NS.k) => x)()',
  '`${NS.k}`',
  '((NS) => NS.f)({ f: 1 }) + NS.k',
  '(() => { const g = NS.f; return g(2) })()',
]

/** Uses of a namespace from which all of it may be got. */
const ESCAPES: readonly string[] = [
  'show(NS)',
  'Object.values(NS).map(String)',
  '(({ g }) => g(1))(NS)',
  '(() => { const { f, g } = NS; return f(1) + g(1) })()',
  `NS[['g'][0]](1)`,
  '({ ...NS }).g(1)',
  'Object.keys(NS)',
  `'extra' in NS`,
  '(() => { const keys = []; for (const k in NS) keys.push(k); return keys })()',
  '[NS][0].g(1)',
  '((n) => n.g(1))(NS)',
  '(() => { const n = NS; return n.g(1) })()',
  '(() => { let n; n = NS; return n.g(1) })()',
  `Reflect.get(NS, 'g')(1)`,
  '(({ ns }) => ns.g(1))({ ns: NS })',
  '((n = NS) => n.g(1))()',
  'Object.entries(NS).length',
  '(true ? NS : null).g(1)',
  `Object.hasOwn(NS, 'extra')`,
  'JSON.stringify(Object.keys(NS))',
]

const SHOW = `const num = (x) => (typeof x === 'number' ? x % 1000 : 0)
export const show = (o) => Object.values(o).reduce((sum, x) => sum + num(x), Object.keys(o).length)`

/** Ways to come by the namespace of a module. */
const WAYS: readonly ((lib: string) => {
  readonly imports: readonly string[]
  readonly ns: string
  readonly files?: Readonly<Record<string, string>>
})[] = [
  (lib) => ({ imports: [`import * as ${lib}ns from './${lib}.js'`], ns: `${lib}ns` }),
  (lib) => ({ imports: [`import * as ${lib}ns from './${lib}.js'`], ns: `${lib}ns` }),
  (lib) => ({
    imports: [`import { inner as ${lib}ns } from './${lib}-via.js'`],
    ns: `${lib}ns`,
    files: { [`${lib}-via.js`]: `export * as inner from './${lib}.js'` },
  }),
  (lib) => ({
    imports: [`import { inner as ${lib}ns } from './${lib}-via.js'`],
    ns: `${lib}ns`,
    files: {
      [`${lib}-via.js`]: `import * as inner from './${lib}.js'\nexport { inner }`,
    },
  }),
  (lib) => ({
    imports: [`import * as ${lib}out from './${lib}-via.js'`],
    ns: `${lib}out.inner`,
    files: { [`${lib}-via.js`]: `export * as inner from './${lib}.js'` },
  }),
  (lib) => ({
    imports: [`import * as ${lib}ns from './${lib}-via.js'`],
    ns: `${lib}ns`,
    files: { [`${lib}-via.js`]: `export * from './${lib}.js'` },
  }),
  (lib) => ({
    imports: [`import * as ${lib}ns from './${lib}-via.js'`],
    ns: `${lib}ns`,
    files: {
      [`${lib}-via.js`]: `export { f, g, k, extra } from './${lib}.js'\nexport const own = 1`,
    },
  }),
  (lib) => ({
    imports: [`import ${lib}ns from './${lib}-via.js'`],
    ns: `${lib}ns`,
    files: { [`${lib}-via.js`]: `import * as inner from './${lib}.js'\nexport default inner` },
  }),
  (lib) => ({ imports: [], ns: `(await import('./${lib}.js'))` }),
]

/** The namespace of a module, of which one step uses some members, another one all. */
export function namespace(writer: ProjectWriter): void {
  const name = writer.name('lib')
  const module = `${name}.js`
  const way = writer.pick(WAYS)(name)
  for (const [path, text] of Object.entries(way.files ?? {})) writer.files[path] = text
  writer.imports.push(...way.imports)
  writer.files[module] = [
    `export const k = ${writer.digit()}`,
    `export const f = (x) => x + k + ${writer.digit()}`,
    `export function g(x) { return x * ${writer.digit()} + inner }`,
    `const inner = ${writer.digit()}`,
    `export const extra = ${writer.digit()}`,
  ].join('\n')
  writer.files['show.js'] = SHOW
  writer.imports.push(`import { show as ${name}show } from './show.js'`)
  const use = (form: string): string =>
    form.replaceAll(/\bNS\b/g, (_, at: number) => {
      // A parameter cannot be an expression.
      const isParam = form.slice(at).startsWith('NS) => NS.f)({')
      return isParam ? 'other' : form.slice(0, at).endsWith('((NS) => ') ? 'other' : way.ns
    })
  // What is awaited for it cannot be a default value.
  const fits = (form: string): boolean => !way.ns.includes('await') || !/= NS[).]/.test(form)
  const exact = writer.pick(EXACT.filter(fits))
  const escape = writer.pick(ESCAPES.filter(fits))
  const run = (form: string): string =>
    `run: ${way.ns.includes('await') ? 'async ' : ''}() => [${withAsync(use(form), way.ns)}].map(String)`
  writer.step(`${name}x`, run(exact))
  writer.step(`${name}e`, run(escape.replace('show(', `${name}show(`)))
  // As a default export, it is a value like any other.
  const isStatic = way.imports.some((line) => line.includes(' as ')) && way.ns === `${name}ns`
  const untouched = isStatic ? [`${name}x`] : undefined
  writer.tweak(module, /const k = (\d)/)
  writer.tweak(module, /\+ k \+ (\d)/)
  writer.tweak(module, /x \* (\d)/, untouched)
  writer.tweak(module, /const inner = (\d)/, untouched)
  writer.tweak(module, /const extra = (\d)/, untouched)
  writer.swap(module, 'export const extra', 'export const other', untouched)
  writer.swap(
    module,
    '\nexport const extra',
    '\nexport const more = 1\nexport const extra',
    untouched,
  )
}

/** Functions around an `await` are async. */
function withAsync(text: string, ns: string): string {
  if (!ns.includes('await')) return text
  return text.replaceAll(/\(\(\) => \{(.*)\}\)\(\)/g, '(await (async () => {$1})())')
}
