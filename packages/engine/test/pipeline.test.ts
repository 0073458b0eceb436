import { describe, expect, test } from 'vitest'
import { env, file, matrix, pipeline, step, type Step } from '../src/index.ts'
import { orderSteps } from '../src/define/order.ts'

const run = (): number => 0
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('names', () => {
  const good = ['a', 'trainModel', 'train-model', 'a1', 'x-1', 'a'.repeat(100), 'end', 'then']
  for (const name of good) {
    test(`${name.slice(0, 20)} is taken`, () => {
      expect([...pipeline(name, { [name]: step({ run }) }).steps.keys()]).toEqual([name])
    })
  }
  const bad = [
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__',
    '__defineGetter__',
    'Train',
    'TRAIN',
    '',
    'a b',
    'a/b',
    '../a',
    'a.b',
    'a_b',
    '-a',
    'a-',
    'a--b',
    '1a',
    'a\n',
    'é',
    'con\u0000',
    'a'.repeat(101),
  ]
  for (const name of bad) {
    test(`${JSON.stringify(name).slice(0, 24)} is refused`, () => {
      const refused = code('STEPWELL_STEP_NAME')
      const steps = { [name]: step({ run }) }
      expect(Object.keys(steps)).toEqual([name])
      expect(() => pipeline('p', steps)).toThrow(refused)
      expect(() => pipeline(name, { a: step({ run }) })).toThrow(refused)
      expect(() => pipeline('p', [[name, run]])).toThrow(refused)
    })
  }
  test('`__proto__` written as a member, which sets the prototype, is refused', () => {
    const a = step({ run })
    const b = step({ run })
    expect(() => pipeline('p', { a, __proto__: b } as never)).toThrow(code('STEPWELL_STEP_NAME'))
    expect(() => pipeline('p', { __proto__: b } as never)).toThrow(code('STEPWELL_STEP_NAME'))
  })
  test('a record without a prototype is taken', () => {
    const steps = Object.assign(Object.create(null) as Record<string, Step>, { a: step({ run }) })
    expect(pipeline('p', steps).steps.size).toBe(1)
  })
  test('names that differ by case alone are refused', () => {
    const twins = { trainA: step({ run }), traina: step({ run }) }
    expect(() => pipeline('p', twins)).toThrow(code('STEPWELL_STEP_NAME'))
    expect(() =>
      pipeline('p', [
        ['aB', run],
        ['ab', run],
      ]),
    ).toThrow(code('STEPWELL_STEP_NAME'))
  })
  test('one name twice in the linear form is refused', () => {
    expect(() =>
      pipeline('p', [
        ['a', () => 1],
        ['a', () => 2],
      ]),
    ).toThrow(code('STEPWELL_STEP_NAME'))
  })
})

describe('steps', () => {
  test('one step under two names', () => {
    const a = step({ run })
    expect(() => pipeline('p', { a, b: a })).toThrow(code('STEPWELL_STEP_TWICE'))
  })
  test('a step that is read but has no name', () => {
    const a = step({ run: () => ({ x: 1 }) })
    const b = step({ inputs: { a }, run })
    const c = step({ inputs: { x: a.pick('x') }, run })
    expect(() => pipeline('p', { b })).toThrow(code('STEPWELL_STEP_UNLISTED'))
    expect(() => pipeline('p', { c })).toThrow(/step `c` .* its input `x`/)
  })
  test('no steps at all', () => {
    expect(() => pipeline('p', {})).toThrow(code('STEPWELL_PIPELINE_EMPTY'))
    expect(() => pipeline('p', [])).toThrow(code('STEPWELL_PIPELINE_EMPTY'))
  })
  test('what is no step is a TypeError', () => {
    for (const wrong of [undefined, null, {}, { kind: 'file' }, () => 1, 'a']) {
      expect(() => pipeline('p', { a: wrong } as never)).toThrow(TypeError)
    }
    expect(() => pipeline('p', [['a', 1]] as never)).toThrow(TypeError)
    for (const wrong of [undefined, null, 1, 'a.csv', {}]) {
      const a = step({ inputs: { wrong } as never, run })
      expect(() => pipeline('p', { a })).toThrow(TypeError)
    }
  })
  test('a pipeline can be made twice of the same steps', () => {
    const a = step({ run })
    expect(pipeline('one', { a }).steps.get('a')).toBe(pipeline('two', { x: a }).steps.get('x'))
  })
  test('a pipeline cannot be changed', () => {
    const made = pipeline('p', { a: step({ run }) })
    expect(Object.isFrozen(made)).toBe(true)
  })
})

describe('misuse of step(), file() and env() is a TypeError', () => {
  const wrong: [string, () => unknown][] = [
    ['no options', () => step(undefined as never)],
    ['no run', () => step({} as never)],
    ['run is no function', () => step({ run: 1 } as never)],
    ['an unknown option', () => step({ run, output: 1 } as never)],
    ['inputs is an array', () => step({ run, inputs: [] as never })],
    ['params is null', () => step({ run, params: null } as never)],
    ['version is a number', () => step({ run, version: 1 } as never)],
    ['cache is no boolean', () => step({ run, cache: 'no' } as never)],
    ['description is no string', () => step({ run, description: 1 } as never)],
    ['an empty path', () => file('')],
    ['no path', () => file(undefined as never)],
    ['an empty variable', () => env('')],
  ]
  for (const [title, act] of wrong) test(title, () => expect(act).toThrow(TypeError))
})

describe('groups', () => {
  const made = () => step({ run })

  test('a record of steps, or a pipeline, puts its name before theirs', () => {
    const inner = pipeline('inner', { collect: made(), fits: { 'degree-0_1': made() } })
    const outer = pipeline('outer', { prep: inner, train: made(), more: { deep: { x1: made() } } })
    expect([...outer.steps.keys()]).toEqual([
      'prep.collect',
      'prep.fits.degree-0_1',
      'train',
      'more.deep.x1',
    ])
  })

  test('members have names of letters and digits, and no member is there twice', () => {
    for (const name of ['a.b', '', '-a', 'a/b', '..', 'constructor']) {
      expect(() => pipeline('p', { group: { [name]: made() } })).toThrow(code('STEPWELL_STEP_NAME'))
    }
    const twice = made()
    expect(() => pipeline('p', { a: { x: twice }, b: { x: twice } })).toThrow(
      code('STEPWELL_STEP_TWICE'),
    )
    expect(() => pipeline('p', { a: 3 as never })).toThrow('to be made by step()')
  })

  test('a matrix has a step for each combination, named after it', () => {
    const points: unknown[] = []
    const fits = matrix({ degree: [1, 2], lambda: [0, 0.1, -1], on: [true] }, (point) => {
      points.push(point)
      return made()
    })
    expect(Object.keys(fits)).toEqual([
      'degree-1-lambda-0-on-true',
      'degree-1-lambda-0_1-on-true',
      'degree-1-lambda-_1-on-true',
      'degree-2-lambda-0-on-true',
      'degree-2-lambda-0_1-on-true',
      'degree-2-lambda-_1-on-true',
    ])
    expect(points[1]).toEqual({ degree: 1, lambda: 0.1, on: true })
    expect(pipeline('p', { fits }).steps.size).toBe(6)
    expect(() => matrix({ a: [] }, made)).toThrow('at least one value')
    expect(() => matrix({ a: ['x y', 'x_y'] }, made)).toThrow('two combinations named a-x_y')
  })

  test('a name that is too long with those of its groups is refused', () => {
    const long = 'a'.repeat(90)
    const nested = { [long]: { [long]: { [long]: step({ run }) } } }
    expect(() => pipeline('p', nested)).toThrow(code('STEPWELL_STEP_NAME'))
    expect(pipeline('p', { [long]: { [long]: step({ run }) } }).steps.size).toBe(1)
  })

  test('a step of a group may be named as what tells steps from groups', () => {
    const { steps } = pipeline('p', { group: { kind: step({ run }) } })
    expect([...steps.keys()]).toEqual(['group.kind'])
  })

  test('the name of a group stands for its steps as a target', () => {
    const inner = { collect: made(), clean: made() }
    const outer = pipeline('outer', { prep: inner, other: made() })
    expect(orderSteps(outer, ['prep']).map(({ name }) => name)).toEqual([
      'prep.collect',
      'prep.clean',
    ])
    expect(() => orderSteps(outer, ['pre'])).toThrow(code('STEPWELL_TARGET_UNKNOWN'))
  })
})
