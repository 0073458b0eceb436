import { describe, expect, test } from 'vitest'
import { createEdits } from './support/projects.ts'

// Edits as they are made every day, of one project. For each: the steps that may run again. All others
// must be cached, and what is cached must be what a run of the edited project from scratch gives.

type Files = Readonly<Record<string, string | undefined>>
type Edit = (files: Readonly<Record<string, string>>) => Files

const PROJECT = {
  'pipeline.ts': `import { file, matrix, pipeline, step } from '@stepwell/engine'
import { config, names } from './config.ts'
import { clean, scale } from './lib/clean.ts'
import * as train from './lib/train.ts'
import { round } from './lib/round.ts'
import type { Row } from './lib/types.ts'

const limit = 100

/** Reads what there is. */
const rows = step({
  inputs: { source: file('rows.json') },
  run: ({ source }) => JSON.parse(source.text()) as Row[],
})

const cleaned = step({
  inputs: { rows },
  run: ({ rows }) => clean(rows).filter(({ x }) => x < limit),
})

const model = step({
  inputs: { cleaned },
  params: { rate: config.rate },
  run: ({ cleaned }, { params }) => train.fit(cleaned, params.rate),
})

const score = step({ inputs: { model, cleaned }, run: train.evaluate })

const grid = matrix({ degree: [1, 2] }, (params) =>
  step({ inputs: { cleaned }, params, run: train.sweep }),
)

const report = step({
  inputs: { score },
  params: { names },
  run: ({ score }, { params }) => [params.names.join(), describe(score)].join(': '),
})

function describe(value: number): string {
  const shown = round(value)
  return \`score \${shown}\`
}

export default pipeline('p', { rows, cleaned, model, score, ...grid, report })
`,
  'config.ts': `export const config = { rate: 0.5, depth: 3 }
export const names = ['x', 'y']
`,
  'lib/clean.ts': `import type { Row } from './types.ts'
import { isFiniteRow } from './checks.ts'

const FACTOR = 2

export function scale(value: number): number {
  return value * FACTOR
}

export function clean(rows: Row[]): Row[] {
  return rows.filter(isFiniteRow).map((row) => ({ ...row, x: scale(row.x) }))
}
`,
  'lib/checks.ts': `import type { Row } from './types.ts'

export const isFiniteRow = ({ x, y }: Row): boolean => Number.isFinite(x) && Number.isFinite(y)
`,
  'lib/train.ts': `import { mean } from './math/mean.ts'
import type { Row } from './types.ts'

export interface Model {
  slope: number
}

export function fit(rows: Row[], rate: number): Model {
  let slope = 0
  for (const { x, y } of rows) {
    const error = y - slope * x
    slope += (rate * error) / (x * x)
  }
  return { slope }
}

export const evaluate = ({ model, cleaned }: { model: Model; cleaned: Row[] }): number =>
  mean(cleaned.map(({ x, y }) => Math.abs(y - model.slope * x)))

export const sweep = ({ cleaned }: { cleaned: Row[] }, { params }: { params: { degree: number } }) =>
  mean(cleaned.map(({ x }) => x ** params.degree))
`,
  'lib/math/mean.ts': `export function mean(values: number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
`,
  'lib/round.ts': `export const round = (value: number): number => Math.round(value * 100) / 100
export const unused = (value: number): number => value
`,
  'lib/types.ts': `export interface Row {
  x: number
  y: number
}
`,
  'rows.json':
    '[{ "x": 1, "y": 2 }, { "x": 2, "y": 5 }, { "x": null, "y": 1 }, { "x": 90, "y": 1 }]',
  'node_modules/pack/package.json':
    '{"name":"pack","version":"1.0.0","type":"module","main":"index.js"}',
  'node_modules/pack/index.js': 'export const id = (x) => x',
}

const tell = createEdits(PROJECT)
const GRID = 'degree-1 degree-2'

/** Replaces texts in files; each must be there. */
const change =
  (...changes: readonly (readonly [path: string, from: string | RegExp, to: string])[]): Edit =>
  (files) => {
    const edited: Record<string, string> = { ...files }
    for (const [path, from, to] of changes) {
      const before = edited[path] ?? ''
      const after = before.replace(from, () => to)
      if (after === before) throw new Error(`${path} does not contain ${from}`)
      edited[path] = after
    }
    return edited
  }

/** In all of the pipeline. */
const everywhere =
  (from: RegExp, to: string): Edit =>
  ({ 'pipeline.ts': text = '' }) => ({ 'pipeline.ts': text.replaceAll(from, to) })

const write =
  (files: Files): Edit =>
  () =>
    files

const both =
  (...edits: readonly Edit[]): Edit =>
  (files) => {
    const edited: Record<string, string> = { ...files }
    for (const edit of edits) Object.assign(edited, edit(edited))
    return edited
  }

/** @param may names of steps, separated by spaces */
function everyday(title: string, edit: Edit, may = ''): void {
  const edited = edit(PROJECT)
  const changed = Object.keys({ ...PROJECT, ...edited }).filter(
    (path) => (PROJECT as Files)[path] !== edited[path] && path in edited,
  )
  const told = tell(Object.fromEntries(changed.map((path) => [path, edited[path]])))
  test(`${title}: ${may || 'nothing'}`, () => {
    const { first, edited: after, scratch } = told()
    expect([first.error, first.warnings, scratch.error]).toEqual([undefined, [], undefined])
    expect(changed, 'it edits something').not.toEqual([])
    expect(after.error).toBeUndefined()
    expect(after.outputs, 'no stale output').toEqual(scratch.outputs)
    const ran = Object.entries(after.statuses).filter(([, status]) => status !== 'cached')
    const others = ran.map(([name]) => name).filter((name) => !may.split(' ').includes(name))
    expect(others, 'steps that run again for nothing').toEqual([])
  })
}

describe('steps', () => {
  everyday(
    'rename a step',
    change(['pipeline.ts', '{ rows, cleaned, model', '{ data: rows, cleaned, model']),
  )
  everyday(
    'rename a step, its variable and what its readers call it',
    everywhere(/\brows\b(?!\.json)/g, 'table'),
    'cleaned',
  )
  everyday(
    'rename what a step is read as',
    change([
      'pipeline.ts',
      'inputs: { rows },\n  run: ({ rows }) => clean(rows)',
      'inputs: { table: rows },\n  run: ({ table }) => clean(table)',
    ]),
    'cleaned',
  )
  everyday(
    'add a step',
    change(
      [
        'pipeline.ts',
        'const model =',
        'const count = step({ inputs: { cleaned }, run: ({ cleaned }) => cleaned.length })\n\nconst model =',
      ],
      ['pipeline.ts', 'model, score', 'model, count, score'],
    ),
    'count',
  )
  everyday(
    'add a step of the name of a local variable',
    change(
      [
        'pipeline.ts',
        'const model =',
        'const shown = step({ run: () => 1 })\nconst params = step({ run: () => 2 })\n\nconst model =',
      ],
      ['pipeline.ts', 'model, score', 'model, shown, params, score'],
    ),
    'shown params',
  )
  everyday(
    'add a step at the top',
    change(
      ['pipeline.ts', 'const limit', 'const hello = step({ run: () => 1 })\nconst limit'],
      ['pipeline.ts', '{ rows, cleaned, model', '{ hello, rows, cleaned, model'],
    ),
    'hello',
  )
  everyday(
    'add a step made from a namespace',
    change(
      [
        'pipeline.ts',
        'const grid',
        'const again = step({ inputs: { model, cleaned }, run: train.evaluate, version: "2" })\nconst grid',
      ],
      ['pipeline.ts', 'model, score', 'model, again, score'],
    ),
    'again',
  )
  everyday(
    'remove a step',
    change(['pipeline.ts', /const report = [^]*?\n}\)\n/, ''], ['pipeline.ts', ', report }', ' }']),
  )
  everyday(
    'remove a step made from a namespace',
    change(
      ['pipeline.ts', /const score = .*\n/, ''],
      ['pipeline.ts', /const report = [^]*?\n}\)\n/, ''],
      ['pipeline.ts', 'score, ...grid, report', '...grid'],
    ),
  )
  everyday(
    'list steps in another order',
    change([
      'pipeline.ts',
      '{ rows, cleaned, model, score, ...grid, report }',
      '{ ...grid, report, score, model, cleaned, rows }',
    ]),
  )
  everyday(
    'declare a step further up',
    change(
      ['pipeline.ts', /const score = .*\n/, ''],
      [
        'pipeline.ts',
        'const grid',
        'const score = step({ inputs: { model, cleaned }, run: train.evaluate })\nconst grid',
      ],
    ),
  )
  everyday(
    'declare the matrix after the report',
    both(
      change(['pipeline.ts', /const grid = [^]*?\n\)\n/, '']),
      change([
        'pipeline.ts',
        'function describe',
        'const grid = matrix({ degree: [1, 2] }, (params) =>\n  step({ inputs: { cleaned }, params, run: train.sweep }),\n)\n\nfunction describe',
      ]),
    ),
  )
  everyday(
    'sort the options of a step',
    change([
      'pipeline.ts',
      'inputs: { model, cleaned }, run: train.evaluate',
      'run: train.evaluate, inputs: { cleaned, model }',
    ]),
  )
  everyday(
    'describe a step',
    change(['pipeline.ts', 'run: train.evaluate', `run: train.evaluate, description: 'the error'`]),
  )
  everyday(
    'retry a step',
    change(['pipeline.ts', 'run: train.evaluate', 'run: train.evaluate, retry: 2']),
  )
  everyday(
    'group steps',
    change(['pipeline.ts', '...grid, report }', 'sweep: grid, late: { report } }']),
  )
  everyday(
    'put steps into an object',
    change(
      ['pipeline.ts', 'export default', 'const first = { rows, cleaned }\nexport default'],
      ['pipeline.ts', '{ rows, cleaned, model', '{ ...first, model'],
    ),
  )
  everyday('take the matrix out of the spread', change(['pipeline.ts', '...grid', 'grid']))
  everyday('add a point to the matrix', change(['pipeline.ts', '[1, 2]', '[1, 2, 3]']), 'degree-3')
  everyday('remove a point of the matrix', change(['pipeline.ts', '[1, 2]', '[2]']))
  everyday(
    'rename the parameter of the matrix',
    change([
      'pipeline.ts',
      '(params) =>\n  step({ inputs: { cleaned }, params,',
      '(point) =>\n  step({ inputs: { cleaned }, params: point,',
    ]),
  )
  everyday(
    'write a step in the record',
    change(
      ['pipeline.ts', /const score = (.*)\n/, ''],
      ['pipeline.ts', 'model, score, ...grid, report }', 'model, ...grid }'],
      ['pipeline.ts', /const report = [^]*?\n}\)\n/, ''],
    ),
  )
  everyday(
    'export a step',
    change(
      ['pipeline.ts', 'const rows', 'export const rows'],
      ['pipeline.ts', 'const score', 'export const score'],
    ),
  )
  everyday('rename the variable of a step', everywhere(/\bgrid\b/g, 'fits'))
  everyday('rename the pipeline file', (files) => ({
    'steps.ts': files['pipeline.ts'],
    'pipeline.ts': `export { default } from './steps.ts'\n`,
  }))
  everyday('move a step into a file', (files) => ({
    'pipeline.ts': (files['pipeline.ts'] ?? '').replace(
      /const rows = [^]*?\n}\)\n/,
      `import { rows } from './rows.ts'\n`,
    ),
    'rows.ts': `import { file, step } from '@stepwell/engine'\nimport type { Row } from './lib/types.ts'\nexport const rows = step({\n  inputs: { source: file('rows.json') },\n  run: ({ source }) => JSON.parse(source.text()) as Row[],\n})\n`,
  }))
  everyday(
    'change a param',
    change(['pipeline.ts', 'rate: config.rate', 'rate: 0.25']),
    'model score report',
  )
  everyday(
    'write a param out that was read from an object',
    change(['pipeline.ts', 'rate: config.rate', 'rate: 0.5']),
  )
  everyday(
    'add a param',
    change(['pipeline.ts', 'rate: config.rate', 'rate: config.rate, depth: 3']),
    'model',
  )
  everyday('change the points of a matrix', change(['pipeline.ts', '[1, 2]', '[1, 4]']), 'degree-4')
  everyday(
    'change the data',
    write({ 'rows.json': '[{ "x": 1, "y": 2 }, { "x": 3, "y": 5 }]' }),
    `rows cleaned model score ${GRID} report`,
  )
  everyday(
    'reformat the data',
    write({ 'rows.json': '[{"x":1,"y":2},{"x":2,"y":5},{"x":null,"y":1},{"x":90,"y":1}]' }),
    'rows',
  )
})

describe('format and comments', () => {
  everyday(
    'add a comment',
    change(
      ['pipeline.ts', 'const cleaned', '// What is left of them.\nconst cleaned'],
      ['lib/clean.ts', 'return value', '// twice\n  return value'],
    ),
  )
  everyday('remove a comment', change(['pipeline.ts', '/** Reads what there is. */\n', '']))
  everyday('add a license to all files', (files) =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.endsWith('.ts'))
        .map(([path, text]) => [path, `/* MIT */\n${text}`]),
    ),
  )
  everyday('use semicolons', (files) =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.endsWith('round.ts') || path.endsWith('config.ts'))
        .map(([path, text]) => [path, text.replaceAll(/\n/g, ';\n')]),
    ),
  )
  everyday('use double quotes', everywhere(/'/g, '"'))
  everyday('use tabs', (files) =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.endsWith('.ts'))
        .map(([path, text]) => [
          path,
          text.replaceAll(/^(?: {2})+/gm, (spaces) => '\t'.repeat(spaces.length / 2)),
        ]),
    ),
  )
  everyday('use CRLF', (files) =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.endsWith('.ts'))
        .map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]),
    ),
  )
  everyday(
    'quote keys',
    change(
      ['config.ts', '{ rate: 0.5, depth: 3 }', `{ 'rate': 0.5, "depth": 3 }`],
      ['lib/train.ts', 'return { slope }', `return { 'slope': slope }`],
    ),
  )
  everyday(
    'break lines otherwise',
    change(
      ['lib/checks.ts', ' && ', '\n  &&\n  '],
      ['pipeline.ts', '{ rows, cleaned, model,', '{\n  rows,\n  cleaned,\n  model,\n'],
    ),
  )
  everyday(
    'add parentheses',
    change(['lib/round.ts', 'Math.round(value * 100) / 100', '(Math.round((value) * 100)) / 100']),
  )
  everyday(
    'drop parentheses of a parameter',
    change(['pipeline.ts', '(params) =>\n  step', 'params =>\n  step']),
  )
  everyday('drop a trailing comma', change(['pipeline.ts', 'train.sweep }),', 'train.sweep })']))
  everyday(
    'sort imports',
    change([
      'pipeline.ts',
      /import \{ config[^]*?round.ts'\n/,
      `import { round } from './lib/round.ts'\nimport * as train from './lib/train.ts'\nimport { clean, scale } from './lib/clean.ts'\nimport { names, config } from './config.ts'\n`,
    ]),
  )
  everyday(
    'write a number otherwise',
    change(['lib/round.ts', '100)', '1e2)'], ['lib/clean.ts', '= 2', '= 2.0']),
  )
  everyday(
    'write a string as a template',
    change(['lib/clean.ts', 'const FACTOR', 'export const NOTE = `x`\nconst FACTOR']),
  )
})

describe('types', () => {
  everyday('change a type', change(['lib/types.ts', 'y: number', 'y: number\n  z?: string']))
  everyday(
    'annotate',
    change(
      ['lib/clean.ts', '(row) =>', '(row: Row): Row =>'],
      ['lib/train.ts', 'let slope = 0', 'let slope: number = 0'],
    ),
  )
  everyday(
    'drop an annotation',
    change(['lib/round.ts', '(value: number): number => Math', '(value: number) => Math']),
  )
  everyday(
    'assert',
    change(
      ['lib/clean.ts', 'value * FACTOR', '(value as number) * FACTOR!'],
      ['config.ts', 'depth: 3 }', 'depth: 3 } as const'],
    ),
  )
  everyday(
    'make a parameter optional',
    change([
      'lib/round.ts',
      '(value: number): number => Math.round(value * 100)',
      '(value?: number): number => Math.round(value! * 100)',
    ]),
  )
  everyday(
    'turn an interface into a type',
    change([
      'lib/train.ts',
      /export interface Model \{[^}]*\}/,
      'export type Model = { slope: number }',
    ]),
  )
  everyday(
    'make a function generic',
    change(['lib/clean.ts', 'clean(rows: Row[]): Row[]', 'clean<R extends Row>(rows: R[]): Row[]']),
  )
  everyday(
    'add an overload',
    change([
      'lib/clean.ts',
      'export function scale',
      'export function scale(value: number): number\nexport function scale',
    ]),
  )
  everyday(
    'declare a type inside of a function',
    change(['lib/clean.ts', 'return rows', 'type R = Row\n  return rows']),
  )
  everyday(
    'import a type',
    change([
      'lib/round.ts',
      'export const round',
      `import type { Row } from './types.ts'\nexport type R = Row\nexport const round`,
    ]),
  )
  everyday(
    'mark an import as one of types',
    change(['lib/train.ts', 'import type { Row }', 'import { type Row }']),
  )
})

describe('names', () => {
  everyday(
    'rename a parameter',
    change([
      'lib/clean.ts',
      'scale(value: number): number {\n  return value',
      'scale(x: number): number {\n  return x',
    ]),
  )
  everyday(
    'rename a local variable',
    change(
      ['pipeline.ts', 'const shown = round(value)', 'const text = round(value)'],
      ['pipeline.ts', '${shown}', '${text}'],
    ),
  )
  everyday(
    'rename the variable of a loop',
    change([
      'lib/math/mean.ts',
      'const value of values) sum += value',
      'const each of values) sum += each',
    ]),
  )
  everyday(
    'rename a parameter of a step',
    change([
      'pipeline.ts',
      '{ score }, { params }) => [params.names',
      '{ score }, { params: given }) => [given.names',
    ]),
  )
  everyday(
    'rename what is taken out of an object',
    change([
      'lib/checks.ts',
      '({ x, y }: Row): boolean => Number.isFinite(x) && Number.isFinite(y)',
      '({ x: a, y: b }: Row): boolean => Number.isFinite(a) && Number.isFinite(b)',
    ]),
  )
  everyday(
    'rename an import',
    change(
      ['pipeline.ts', 'import { round }', 'import { round as toCents }'],
      ['pipeline.ts', '= round(', '= toCents('],
    ),
  )
  everyday('rename a namespace', everywhere(/\btrain\b(?!\.ts)/g, 'learn'))
  everyday(
    'rename a helper',
    change(
      ['lib/clean.ts', 'function scale', 'function double'],
      ['lib/clean.ts', 'x: scale(', 'x: double('],
      ['pipeline.ts', ', scale }', ' }'],
    ),
    'cleaned',
  )
  everyday(
    'rename a constant',
    change(
      ['lib/clean.ts', 'const FACTOR', 'const TWICE'],
      ['lib/clean.ts', '* FACTOR', '* TWICE'],
    ),
    'cleaned',
  )
  everyday(
    'add a constant of the name of a parameter',
    change([
      'lib/clean.ts',
      'const FACTOR = 2',
      'const FACTOR = 2\nconst rows = 3\nconst value = rows',
    ]),
  )
  everyday(
    'change a constant of the name of a parameter',
    change([
      'lib/round.ts',
      'export const unused = (value: number): number => value',
      'const value = 7\nexport const unused = () => value',
    ]),
  )
})

describe('imports and files', () => {
  everyday(
    'import by name what was a member of a namespace',
    change(
      ['pipeline.ts', 'import * as train from', 'import { evaluate, fit, sweep } from'],
      ['pipeline.ts', 'train.fit', 'fit'],
      ['pipeline.ts', 'train.evaluate', 'evaluate'],
      ['pipeline.ts', 'train.sweep', 'sweep'],
    ),
  )
  everyday(
    'import as a namespace what was imported by name',
    change(
      ['pipeline.ts', 'import { round } from', 'import * as lib from'],
      ['pipeline.ts', '= round(', '= lib.round('],
    ),
  )
  everyday(
    'import the engine as a namespace',
    both(
      change([
        'pipeline.ts',
        'import { file, matrix, pipeline, step } from',
        'import * as sw from',
      ]),
      everywhere(/\b(file|matrix|pipeline|step)\(/g, 'sw.X('),
      (files) => ({ 'pipeline.ts': restored(files['pipeline.ts'] ?? '') }),
    ),
  )
  everyday(
    'add an import',
    change([
      'pipeline.ts',
      'import { round }',
      `import { mean } from './lib/math/mean.ts'\nexport { mean }\nimport { round }`,
    ]),
  )
  everyday('remove an import that is not used', change(['pipeline.ts', ', scale }', ' }']))
  everyday(
    'add an export',
    change(
      [
        'lib/train.ts',
        'export const sweep',
        'export const more = (rows: Row[]) => rows.length\nexport const sweep',
      ],
      ['lib/clean.ts', 'const FACTOR', 'export const LIMIT = 4\nconst FACTOR'],
    ),
  )
  everyday(
    'remove an export that is not used',
    change(['lib/round.ts', /export const unused.*\n/, '']),
  )
  everyday(
    'change an export that is not used',
    change(['lib/round.ts', 'number => value\n', 'number => value + 1\n']),
  )
  everyday('export a helper', change(['lib/clean.ts', 'const FACTOR', 'export const FACTOR']))
  everyday(
    'export by a list',
    change(
      ['lib/round.ts', 'export const round', 'const round'],
      ['lib/round.ts', 'export const unused', 'export { round }\nexport const unused'],
    ),
  )
  everyday(
    're-export by a barrel',
    both(
      write({
        'lib/index.ts': `export * from './clean.ts'\nexport * from './round.ts'\nexport * as train from './train.ts'\n`,
      }),
      change(
        ['pipeline.ts', './lib/round.ts', './lib/index.ts'],
        ['pipeline.ts', './lib/clean.ts', './lib/index.ts'],
        [
          'pipeline.ts',
          `import * as train from './lib/train.ts'`,
          `import { train } from './lib/index.ts'`,
        ],
      ),
    ),
    `model score report ${GRID}`,
  )
  everyday(
    're-export by a barrel of names',
    both(
      write({ 'lib/index.ts': `export * from './clean.ts'\nexport * from './round.ts'\n` }),
      change(
        ['pipeline.ts', './lib/round.ts', './lib/index.ts'],
        ['pipeline.ts', './lib/clean.ts', './lib/index.ts'],
      ),
    ),
  )
  everyday(
    'export by default',
    change(
      ['lib/math/mean.ts', 'export function mean', 'export default function mean'],
      ['lib/train.ts', '{ mean }', 'mean'],
    ),
  )
  everyday(
    'declare in another order',
    change(
      ['lib/clean.ts', /const FACTOR = 2\n\n/, ''],
      ['lib/clean.ts', /$/, '\nconst FACTOR = 2\n'],
    ),
  )
  everyday(
    'declare in another order behind a namespace',
    change(
      ['lib/train.ts', /export const evaluate[^]*?slope \* x\)\)\)\n\n/, ''],
      [
        'lib/train.ts',
        /$/,
        '\nexport const evaluate = ({ model, cleaned }: { model: Model; cleaned: Row[] }): number =>\n  mean(cleaned.map(({ x, y }) => Math.abs(y - model.slope * x)))\n',
      ],
    ),
  )
  everyday('move a file', (files) => ({
    'lib/math/mean.ts': undefined,
    'lib/stats/mean.ts': files['lib/math/mean.ts'],
    'lib/train.ts': (files['lib/train.ts'] ?? '').replace('./math/', './stats/'),
  }))
  everyday('move a folder', (files) => ({
    ...Object.fromEntries(
      Object.entries(files).flatMap(([path, text]) =>
        path.startsWith('lib/')
          ? [
              [path, undefined],
              [path.replace('lib/', 'src/'), text],
            ]
          : [],
      ),
    ),
    'pipeline.ts': (files['pipeline.ts'] ?? '').replaceAll('./lib/', './src/'),
  }))
  everyday('split a file', (files) => ({
    'lib/train.ts': (files['lib/train.ts'] ?? '').replace(
      /export const evaluate[^]*?slope \* x\)\)\)\n/,
      `export { evaluate } from './evaluate.ts'\n`,
    ),
    'lib/evaluate.ts': `import { mean } from './math/mean.ts'\nimport type { Model } from './train.ts'\nimport type { Row } from './types.ts'\n\nexport const evaluate = ({ model, cleaned }: { model: Model; cleaned: Row[] }): number =>\n  mean(cleaned.map(({ x, y }) => Math.abs(y - model.slope * x)))\n`,
  }))
  everyday('move a function of the pipeline to a file', (files) => ({
    'pipeline.ts': (files['pipeline.ts'] ?? '')
      .replace(/function describe[^]*?\n\}\n/, '')
      .replace(
        'import { round }',
        `import { describe } from './lib/describe.ts'\nimport { round }`,
      ),
    'lib/describe.ts': `import { round } from './round.ts'\n\nexport function describe(value: number): string {\n  const shown = round(value)\n  return \`score \${shown}\`\n}\n`,
  }))
  everyday(
    'move a function into the pipeline',
    change(
      ['pipeline.ts', `import { round } from './lib/round.ts'\n`, ''],
      [
        'pipeline.ts',
        'const limit',
        'const round = (value: number): number => Math.round(value * 100) / 100\nconst limit',
      ],
    ),
  )
  everyday(
    'move a constant to a file',
    change(['pipeline.ts', 'const limit = 100', `import { limit } from './limit.ts'`]) &&
      both(
        write({ 'limit.ts': 'export const limit = 100\n' }),
        change(['pipeline.ts', 'const limit = 100', `import { limit } from './limit.ts'`]),
      ),
  )
  everyday(
    'import each other in a circle',
    change([
      'lib/math/mean.ts',
      'export function',
      `import { fit } from '../train.ts'\nexport const other = () => fit\nexport function`,
    ]),
  )
  everyday(
    'upgrade a package that is not used',
    write({
      'node_modules/pack/package.json':
        '{"name":"pack","version":"1.0.1","type":"module","main":"index.js"}',
    }),
  )
  everyday(
    'use a package in one helper',
    change(
      [
        'lib/round.ts',
        'export const round = (value: number): number => Math',
        `import { id } from 'pack'\nexport const round = (value: number): number => id(Math`,
      ],
      ['lib/round.ts', '* 100) / 100', '* 100)) / 100'],
    ),
    'report',
  )
  everyday(
    'change package.json',
    write({ 'package.json': '{"type":"module","version":"1.0.1","scripts":{"x":"y"}}' }),
  )
  everyday('add a README', write({ 'README.md': '# p\n' }))
  everyday(
    'add a test',
    write({ 'lib/round.test.ts': `import { round } from './round.ts'\nround(1)\n` }),
  )
})

describe('code', () => {
  everyday(
    'log while the pipeline is loaded',
    change(
      ['pipeline.ts', 'const limit', `const limit`],
      ['pipeline.ts', 'describe(score)]', 'describe(score)]'],
    ) && change(['pipeline.ts', 'const rows = step({', 'const rows = step({\n  // no log\n']),
  )
  everyday(
    'log in a helper',
    change([
      'lib/round.ts',
      '=> Math.round(value * 100) / 100',
      '=> { console.debug(value); return Math.round(value * 100) / 100 }',
    ]),
    'report',
  )
  everyday(
    'log in a step',
    change([
      'pipeline.ts',
      '({ rows }) => clean(rows)',
      '({ rows }, { log }) => (log(`${rows.length}`), clean(rows))',
    ]),
    'cleaned',
  )
  everyday(
    'extract a helper',
    change(
      ['lib/clean.ts', 'value * FACTOR', 'times(value)'],
      [
        'lib/clean.ts',
        'const FACTOR',
        'const times = (value: number) => value * FACTOR\nconst FACTOR',
      ],
    ),
    'cleaned',
  )
  everyday(
    'inline a helper',
    change(['lib/clean.ts', 'x: scale(row.x)', 'x: row.x * FACTOR']),
    'cleaned',
  )
  everyday(
    'add a parameter with a default',
    change([
      'lib/round.ts',
      '(value: number): number => Math.round(value * 100) / 100',
      '(value: number, by = 100): number => Math.round(value * by) / by',
    ]),
    'report',
  )
  everyday(
    'turn a function into an arrow',
    change([
      'lib/clean.ts',
      'export function scale(value: number): number {\n  return value * FACTOR\n}',
      'export const scale = (value: number): number => value * FACTOR',
    ]),
    'cleaned',
  )
  everyday(
    'turn an arrow into a function',
    change([
      'lib/round.ts',
      'export const round = (value: number): number => Math.round(value * 100) / 100',
      'export function round(value: number): number {\n  return Math.round(value * 100) / 100\n}',
    ]),
    'report',
  )
  everyday(
    'fix a helper',
    change(['lib/math/mean.ts', 'sum / values.length', 'sum / Math.max(1, values.length)']),
    `score report ${GRID}`,
  )
  everyday(
    'change a constant',
    change(['lib/clean.ts', 'FACTOR = 2', 'FACTOR = 3']),
    `cleaned model score ${GRID} report`,
  )
  everyday(
    'change a constant to an equal outcome',
    change(['pipeline.ts', 'limit = 100', 'limit = 1000']),
    `cleaned model score ${GRID} report`,
  )
  everyday(
    'change a member of an object that no step reads',
    change(['config.ts', 'depth: 3', 'depth: 4']),
  )
  everyday(
    'change a member of an object that is a param',
    change(['config.ts', 'rate: 0.5', 'rate: 0.25']),
    'model score report',
  )
  everyday('change a list that is a param', change(['config.ts', `'y']`, `'z']`]), 'report')
  everyday(
    'change what one step calls',
    change(['lib/train.ts', 'Math.abs(y', 'Math.abs(+y']),
    'score',
  )
  everyday('change a step', change(['pipeline.ts', `].join(': ')`, `].join(' - ')`]), 'report')
  everyday(
    'turn a function of a step into a named one',
    change(
      [
        'pipeline.ts',
        'const cleaned',
        'const keep = ({ rows }: { rows: Row[] }) => clean(rows).filter(({ x }) => x < limit)\nconst cleaned',
      ],
      ['pipeline.ts', 'run: ({ rows }) => clean(rows).filter(({ x }) => x < limit)', 'run: keep'],
    ),
    'cleaned',
  )
  everyday(
    'move the params of a step into a constant',
    change(
      ['pipeline.ts', 'const model', 'const given = { rate: config.rate }\nconst model'],
      ['pipeline.ts', 'params: { rate: config.rate }', 'params: given'],
    ),
    `rows cleaned model score ${GRID} report`,
  )
  everyday(
    'add a function that is not used',
    change([
      'pipeline.ts',
      'function describe',
      'function other() { return limit }\nfunction describe',
    ]),
  )
  everyday(
    'add a constant that is not used',
    change(['pipeline.ts', 'const limit', 'const other = { a: [1, 2] }\nconst limit']),
  )
  everyday(
    'test whether the platform has something',
    change([
      'lib/round.ts',
      'export const unused',
      `const hasFetch = typeof globalThis.fetch === 'function'\nexport const unused`,
    ]),
    `rows cleaned model score ${GRID} report`,
  )
})

/** The names of the functions that \`everywhere\` lost. */
function restored(text: string): string {
  const names = PROJECT['pipeline.ts'].matchAll(/\b(file|matrix|pipeline|step)\(/g)
  return text.replaceAll('sw.X(', () => `sw.${names.next().value?.[1]}(`)
}
