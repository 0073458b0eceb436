import { describe, expect, test } from 'vitest'
import { env, file, pinned, step } from '../src/index.ts'
import { createStories, type Scenario } from './support/projects.ts'

const story = createStories()

/** After the edit, the steps named run again and the others do not. */
function reruns(title: string, again: string, scenario: Scenario): void {
  const told = story(scenario)
  test(title, () => {
    const { first, again: second, edited } = told()
    for (const outcome of [first, second, edited]) expect(outcome.error).toBeUndefined()
    expect(Object.values(first.statuses)).not.toContain('failed')
    expect(new Set(Object.values(second.statuses))).toEqual(new Set(['cached']))
    const ran = Object.entries(edited.statuses).filter(([, status]) => status !== 'cached')
    expect(ran.map(([name]) => name).join(' ')).toBe(again)
  })
}

/** A pipeline of steps, each given by its options. */
function pipelineOf(head: string, steps: Readonly<Record<string, string>>): string {
  const made = Object.entries(steps).map(([name, options]) => `const ${name} = step(${options})\n`)
  return `import { env, file, pinned, pipeline, step } from '@stepwell/engine'
import { readFileSync } from 'node:fs'
${head}
${made.join('')}
export default pipeline('p', { ${Object.keys(steps).join(', ')} })
`
}

describe('pinned', () => {
  const two = (pin: string, body: string, head = '') =>
    pipelineOf(head, {
      a: `{ code: pinned('${pin}'), run: () => ${body} }`,
      b: `{ run: () => ${body} }`,
    })
  reruns('its function does not count', 'b', {
    files: { 'pipeline.ts': two('v1', '1') },
    edit: { 'pipeline.ts': two('v1', '2') },
  })
  reruns('its text counts', 'a', {
    files: { 'pipeline.ts': two('v1', '1') },
    edit: { 'pipeline.ts': two('v2', '1') },
  })
  reruns('what happens while modules are loaded does not count', 'b', {
    files: { 'pipeline.ts': two('v1', '1', 'const list: number[] = []; list.push(1)') },
    edit: { 'pipeline.ts': two('v1', '1', 'const list: number[] = []; list.push(2)') },
  })
  reruns('tracked from now on', 'a', {
    files: { 'pipeline.ts': pipelineOf('', { a: `{ code: pinned('v1'), run: () => 1 }` }) },
    edit: { 'pipeline.ts': pipelineOf('', { a: `{ run: () => 1 }` }) },
  })
  reruns('params and inputs count', 'a b', {
    files: {
      'pipeline.ts': pipelineOf('', {
        a: `{ code: pinned('v1'), params: { k: 1 }, run: () => 1 }`,
        b: `{ code: pinned('v1'), inputs: { t: file('t.txt') }, run: () => 1 }`,
        c: `{ code: pinned('v1'), run: () => 1 }`,
      }),
      't.txt': '1',
    },
    edit: {
      'pipeline.ts': pipelineOf('', {
        a: `{ code: pinned('v1'), params: { k: 2 }, run: () => 1 }`,
        b: `{ code: pinned('v1'), inputs: { t: file('t.txt') }, run: () => 1 }`,
        c: `{ code: pinned('v1'), run: () => 1 }`,
      }),
      't.txt': '2',
    },
  })

  const twins = story({
    files: {
      'pipeline.ts': pipelineOf('', {
        a: `{ code: pinned('v1'), run: () => 1 }`,
        b: `{ code: pinned('v1'), run: () => 2 }`,
      }),
    },
  })
  test('two steps pinned at one text are two steps', () => {
    expect(twins().first.outputs).toEqual({ a: 1, b: 2 })
    expect(twins().again.outputs).toEqual({ a: 1, b: 2 })
  })

  const doubtful = story({
    files: {
      'pipeline.ts': pipelineOf(`eval('1')`, {
        a: `{ code: pinned('v1'), run: () => eval('1') }`,
        b: `{ run: () => 1 }`,
      }),
    },
  })
  test('no doubt about the code keeps it from being cached', () => {
    const { first, again } = doubtful()
    expect(again.statuses).toEqual({ a: 'cached', b: 'succeeded' })
    expect(first.warnings).toEqual([
      'no step of this pipeline is cached, save those whose code is pinned: eval at pipeline.ts:3; write the code out',
    ])
  })
})

describe('dependsOn', () => {
  const helper = (k: number) => `export const helper = () => ${k}\n`
  const HEAD = `import { helper } from './helper.ts'`
  const withFile = pipelineOf('', {
    a: `{ dependsOn: [file('train.py'), env('LEVEL', { fallback: '0' })], run: (given: object) => Object.keys(given) }`,
    b: `{ run: () => 1 }`,
  })
  reruns('a file', 'a', {
    files: { 'pipeline.ts': withFile, 'train.py': '1' },
    edit: { 'train.py': '2' },
  })
  reruns('a variable', 'a', {
    files: { 'pipeline.ts': withFile, 'train.py': '1' },
    env: { LEVEL: '1' },
    envAfter: { LEVEL: '2' },
  })
  reruns('a function that is named', 'a', {
    files: {
      'pipeline.ts': pipelineOf(HEAD, {
        a: `{ dependsOn: [helper], run: () => 1 }`,
        b: `{ run: () => 1 }`,
      }),
      'helper.ts': helper(1),
    },
    edit: { 'helper.ts': helper(2) },
  })
  reruns('a function that is written out', 'a', {
    files: {
      'pipeline.ts': pipelineOf(HEAD, {
        a: `{ 'dependsOn': [() => helper()], run: () => 1 }`,
        b: `{ run: () => 1 }`,
      }),
      'helper.ts': helper(1),
    },
    edit: { 'helper.ts': helper(2) },
  })
  reruns('functions in a list of another name', 'a', {
    files: {
      'pipeline.ts': pipelineOf(`${HEAD}\nconst own = () => helper()\nconst all = [own]`, {
        a: `{ dependsOn: all, run: () => 1 }`,
        b: `{ run: () => 2 }`,
      }),
      'helper.ts': helper(1),
    },
    edit: { 'helper.ts': helper(2) },
  })

  const told = story({ files: { 'pipeline.ts': withFile, 'train.py': '1' } })
  test('run is not given it', () => expect(told().first.outputs['a']).toEqual([]))
  const missing = story({ files: { 'pipeline.ts': withFile } })
  test('a file that is missing fails the step', () => {
    expect(missing().first.statuses).toMatchObject({ a: 'failed' })
  })
  const captured = story({
    files: {
      'pipeline.ts': pipelineOf(
        `${HEAD}\nconst make = (f: () => number) => step({ dependsOn: [f], run: () => 1 })`,
        {},
      ).replace('{  }', '{ a: make(helper) }'),
      'helper.ts': helper(1),
    },
  })
  test('a function that is captured is a doubt', () => {
    expect(captured().again.statuses).toEqual({ a: 'succeeded' })
    expect(captured().first.warnings[0]).toContain('its code captures `f`')
  })
})

test('anything else is refused', () => {
  const run = () => 1
  const other = (options: object) => () => step({ run, ...options })
  expect(other({ code: 'v1' })).toThrow(TypeError)
  expect(() => pinned('')).toThrow(TypeError)
  expect(() => pinned(1 as unknown as string)).toThrow(TypeError)
  expect(other({ dependsOn: run })).toThrow('to be an array')
  expect(other({ dependsOn: ['train.py'] })).toThrow('`dependsOn[0]`')
  expect(other({ dependsOn: [file('x'), step({ run })] })).toThrow('steps go into `inputs`')
  expect(other({ dependsOn: [null] })).toThrow(TypeError)
  expect(other({ code: pinned('v1'), dependsOn: [run] })).toThrow('since its code is pinned')
  expect(other({ code: pinned('v1'), dependsOn: [file('x'), env('Y')] })).not.toThrow()
})
