import type { ProjectWriter } from '../project.ts'

/** How the text of one package reaches another one, which it does not declare. */
type Way = (deep: string, digit: string) => string

const STATIC: readonly Way[] = [
  (deep, d) => `import { k } from '${deep}'\nexport const f = () => k + ${d}`,
  (deep, d) => `import * as deep from '${deep}'\nexport const f = () => deep.k + ${d}`,
  (deep, d) => `import { k as other } from '${deep}/sub.js'\nexport const f = () => other + ${d}`,
  (deep, d) =>
    `export { k } from '${deep}'\nimport { k } from '${deep}'\nexport const f = () => k + ${d}`,
  (_, d) => `import { f as g } from './lib/inner.js'\nexport const f = () => g() + ${d}`,
  (deep, d) => `export const f = async () => (await import('${deep}')).k + ${d}`,
  (deep, d) => `const deep = await import('${deep}')\nexport const f = () => deep.k + ${d}`,
  (deep, d) =>
    `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\nexport const f = () => require('${deep}').k + ${d}`,
  (deep, d) => `const name = '${deep}'\nexport const f = async () => (await import(name)).k + ${d}`,
  (deep, d) =>
    `let deep = { k: 0 }\ntry { deep = await import('${deep}') } catch {}\nexport const f = () => deep.k + ${d}`,
]

const COMMON: readonly Way[] = [
  (deep, d) => `const { k } = require('${deep}')\nexports.f = () => k + ${d}`,
  (deep, d) => `exports.f = () => require('${deep}').k + ${d}`,
  (deep, d) =>
    `let deep = { k: 0 }\ntry { deep = require('${deep}') } catch {}\nexports.f = () => deep.k + ${d}`,
  (_, d) => `Object.assign(exports, require('./inner.cjs'))\nexports.own = ${d}`,
]

/** A package reaches another one that it does not declare, and that was hoisted beside it. */
export function hoisted(writer: ProjectWriter): void {
  const name = writer.name('far')
  const deep = writer.pick([`${name}-deep`, `@${name}/deep`])
  const isCommon = writer.chance(0.3)
  const text = writer.pick(isCommon ? COMMON : STATIC)(deep, writer.digit())
  const main = isCommon ? 'index.cjs' : 'index.js'
  const inner = isCommon
    ? { 'inner.cjs': `exports.f = () => require('${deep}').k` }
    : { 'lib/inner.js': `import { k } from '${deep}'\nexport const f = () => k` }
  const declared = writer.chance(0.3)
  writer.installed(
    name,
    { [main]: text, ...inner },
    {
      main,
      ...(declared && { dependencies: { [deep]: '*' } }),
    },
  )
  const own = writer.chance(0.3) ? 'exports' : 'main'
  writer.installed(
    deep,
    {
      'index.js': `export const k = ${writer.digit()}`,
      'sub.js': `export { k } from './index.js'`,
    },
    own === 'main'
      ? { main: 'index.js' }
      : { exports: { '.': './index.js', './sub.js': './sub.js' } },
  )
  writer.installed(
    `${name}-other`,
    { 'index.js': `export const f = () => ${writer.digit()}` },
    { main: 'index.js' },
  )
  const form = writer.pick(['named', 'namespace', 'dynamic', 'default', 'local'])
  const call = importOf(writer, name, form, isCommon)
  writer.step(`${name}s`, `run: async () => [await ${call}, ${writer.digit()}]`)
  writer.imports.push(`import { f as ${name}other } from '${name}-other'`)
  writer.step(`${name}o`, `run: () => ${name}other()`)
  const [far, below] = [`node_modules/${name}`, `node_modules/${deep}`]
  writer.upgrade(below, 'index.js', [`${name}o`])
  writer.upgrade(below, 'index.js', [`${name}o`])
  writer.upgrade(far, main, [`${name}o`])
  writer.upgrade(`node_modules/${name}-other`, 'index.js', [`${name}s`])
  // One of its own is installed beneath it, and found first.
  writer.edits.push(({ files }) => {
    const nested = `${far}/node_modules/${deep}`
    if (files[`${nested}/package.json`] !== undefined) {
      const all = ['package.json', 'index.js', 'sub.js'].map((path) => [
        `${nested}/${path}`,
        undefined,
      ])
      return {
        kind: 'remove a nested package',
        change: { files: Object.fromEntries(all) as Record<string, undefined> },
      }
    }
    const manifest = (files[`${below}/package.json`] ?? '').replace(/1\.0\.(\d+)/, '2.0.$1')
    return {
      kind: 'nest a package',
      change: {
        files: {
          [`${nested}/package.json`]: manifest,
          [`${nested}/index.js`]: `export const k = ${writer.digit()} * 10`,
          [`${nested}/sub.js`]: `export { k } from './index.js'`,
        },
      },
      harmless: [`${name}o`],
    }
  })
}

/** @returns the call of the package's `f` */
function importOf(writer: ProjectWriter, name: string, form: string, isCommon: boolean): string {
  switch (form) {
    case 'namespace':
      writer.imports.push(`import * as ${name}ns from '${name}'`)
      return isCommon ? `(${name}ns.default ?? ${name}ns).f()` : `${name}ns.f()`
    case 'dynamic':
      return isCommon ? `(await import('${name}')).default.f()` : `(await import('${name}')).f()`
    case 'default':
      if (!isCommon) return importOf(writer, name, 'named', isCommon)
      writer.imports.push(`import ${name}d from '${name}'`)
      return `${name}d.f()`
    case 'local':
      writer.files[`${name}.js`] = isCommon
        ? `import all from '${name}'\nexport const f = () => all.f()`
        : `export * from '${name}'`
      writer.imports.push(`import { f as ${name}f } from './${name}.js'`)
      return `${name}f()`
    default:
      writer.imports.push(
        isCommon ? `import ${name}d from '${name}'` : `import { f as ${name}f } from '${name}'`,
      )
      return isCommon ? `${name}d.f()` : `${name}f()`
  }
}
