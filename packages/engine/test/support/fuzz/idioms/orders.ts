import type { ProjectWriter } from '../project.ts'

/** A step that looks at the order of what it is given. */
export function order(writer: ProjectWriter): void {
  const name = writer.name('order')
  const [x, y] = [writer.digit(), writer.digit()]
  writer.pick([inputs, params, outs, points, picks])(writer, name, x, y)
}

type Form = (writer: ProjectWriter, name: string, x: string, y: string) => void

const inputs: Form = (writer, name, x, y) => {
  writer.step(`${name}a`, `run: () => [${x}]`)
  writer.step(`${name}b`, `run: () => [${y}, 7]`)
  const see = writer.pick([
    'Object.values(all).flat()',
    'Object.keys(all)',
    'Object.entries(all)[0]',
    'JSON.stringify(all)',
  ])
  writer.step(`${name}s`, `inputs: { p: ${name}a, q: ${name}b }, run: (all) => ${see}`)
  writer.swap(writer.main, `{ p: ${name}a, q: ${name}b }`, `{ q: ${name}b, p: ${name}a }`)
  writer.swap(writer.main, `{ p: ${name}a, q: ${name}b }`, `{ q: ${name}b, p: ${name}a }`)
}

const picks: Form = (writer, name, x, y) => {
  writer.step(`${name}a`, `run: () => ({ one: ${x}, two: ${y} })`)
  writer.step(
    `${name}s`,
    `inputs: { p: ${name}a.pick('one'), q: ${name}a.pick('two') }, run: (all) => Object.values(all)`,
  )
  const [one, two] = [`p: ${name}a.pick('one')`, `q: ${name}a.pick('two')`]
  writer.swap(writer.main, `${one}, ${two}`, `${two}, ${one}`)
}

const params: Form = (writer, name, x, y) => {
  const see = writer.pick([
    'Object.keys(params)',
    'JSON.stringify(params)',
    'Object.values(params)',
  ])
  const [one, two] = [`p: ${x}`, `q: { r: ${y}, s: 1 }`]
  writer.step(`${name}s`, `params: { ${one}, ${two} }, run: (_, { params }) => ${see}`)
  writer.swap(writer.main, `{ ${one}, ${two} }`, `{ ${two}, ${one} }`)
  writer.swap(writer.main, `r: ${y}, s: 1`, `s: 1, r: ${y}`)
}

const outs: Form = (writer, name) => {
  const [one, two] = [`p: file('${name}.p')`, `q: file('${name}.q')`]
  writer.imports.push(`import { writeFileSync as ${name}Write } from 'node:fs'`)
  writer.step(
    `${name}s`,
    `outs: { ${one}, ${two} }, run: (_, { outs }) => Object.entries(outs).map(([n, path]) => { ${name}Write(path, n); return n })`,
  )
  writer.swap(writer.main, `{ ${one}, ${two} }`, `{ ${two}, ${one} }`)
}

const points: Form = (writer, name, x) => {
  writer.declare(
    `${name}g`,
    `matrix({ k: [1, 2] }, (params) => step({ params, run: (_, { params }) => params.k % 2 + ${x} - ${x} }))`,
  )
  writer.members.push(`${name}g`)
  writer.step(`${name}s`, `inputs: ${name}g, run: (all) => Object.keys(all)[0]`)
  writer.swap(writer.main, 'matrix({ k: [1, 2] }', 'matrix({ k: [2, 1] }')
}
