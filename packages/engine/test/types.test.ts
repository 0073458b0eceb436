import { expect, expectTypeOf, test } from 'vitest'
import {
  command,
  env,
  file,
  pipeline,
  step,
  type FileHandle,
  type FileInput,
  type RunRecord,
  type Step,
  type StepContext,
} from '../src/index.ts'

const numbers = step({ run: () => [1, 2, 3] })
const fit = step({
  inputs: { numbers },
  run: async ({ numbers: given }) => {
    await Promise.resolve()
    return { model: { slope: given.length }, score: 0.5 }
  },
})

test('the type of an output flows to its consumers', () => {
  expectTypeOf(numbers).toEqualTypeOf<Step<number[]>>()
  expectTypeOf(fit).toEqualTypeOf<Step<{ model: { slope: number }; score: number }>>()
  step({
    inputs: { numbers, fit, model: fit.pick('model'), csv: file('a.csv'), region: env('REGION') },
    params: { rate: 1, name: 'a' },
    run: (inputs, context) => {
      expectTypeOf(inputs.numbers).toEqualTypeOf<number[]>()
      expectTypeOf(inputs.fit).toEqualTypeOf<{ model: { slope: number }; score: number }>()
      expectTypeOf(inputs.model).toEqualTypeOf<{ slope: number }>()
      expectTypeOf(inputs.csv).toEqualTypeOf<FileInput>()
      expectTypeOf(inputs.region).toEqualTypeOf<string>()
      expectTypeOf(context.params).toEqualTypeOf<{ rate: number; name: string }>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
    },
  })
  const text = command({ cmd: 'x', outs: { made: file('made') }, stdout: 'text' })
  expectTypeOf(text).toEqualTypeOf<Step<string, { made: FileHandle }>>()
  expectTypeOf(command({ cmd: ['x'] })).toEqualTypeOf<Step<null>>()
  // @ts-expect-error: it has no such out.
  expect(() => text.out('other')).toThrow(TypeError)
  type Ran = ReturnType<ReturnType<typeof pipeline>['run']>
  expectTypeOf<Awaited<Ran>>().toExtend<RunRecord>()
})

test('wrong wiring does not compile', () => {
  const wantsText = ({ text }: { text: string }): string => text
  // @ts-expect-error -- numbers gives number[], and the function takes a string
  step({ inputs: { text: numbers }, run: wantsText })
  step({ inputs: { text: env('A') }, run: wantsText })
  // @ts-expect-error -- a file is not its text
  step({ inputs: { text: file('a') }, run: wantsText })
  // @ts-expect-error -- the function needs an input that is not declared
  step({ run: wantsText })
  // @ts-expect-error -- the function uses an input that is not declared
  step({ inputs: { numbers }, run: ({ other }) => other })
  // @ts-expect-error -- an array of numbers is not a number
  step({ inputs: { numbers }, run: ({ numbers: given }): number => given })

  // @ts-expect-error -- the output has no such field
  fit.pick('modle')
  const wantsScore = ({ score }: { score: number }): number => score
  // @ts-expect-error -- a field of another type
  step({ inputs: { score: fit.pick('model') }, run: wantsScore })
  step({ inputs: { score: fit.pick('score') }, run: wantsScore })

  const train = (
    _: object,
    { params }: Pick<StepContext<{ solver: 'qr' | 'svd' }>, 'params'>,
  ): string => params.solver
  step({ params: { solver: 'qr' }, run: train })
  // @ts-expect-error -- not one of the solvers
  step({ params: { solver: 'lu' }, run: train })

  // @ts-expect-error -- misspelt
  expect(() => step({ input: { numbers }, run: () => 1 })).toThrow(/no option `input`/)
  // @ts-expect-error -- no work
  expect(() => step({ inputs: { numbers } })).toThrow(/`run` of step\(\) to be a function/)
  // @ts-expect-error -- a function is no step
  expect(() => pipeline('p', { numbers: () => 1 })).toThrow(TypeError)
})

test('functions in a row must fit together', () => {
  const count = (): number => 3
  const later = async (n: number): Promise<string> => await Promise.resolve('x'.repeat(n))
  const length = (text: string): number => text.length
  // prettier-ignore
  {
    pipeline('x', [['a', count], ['b', later], ['c', length]])
    pipeline('x', [['a', count], ['b', () => 1]])
    // @ts-expect-error -- `length` takes a string, `count` returns a number
    pipeline('x', [['a', count], ['b', length]])
    // @ts-expect-error -- in the middle as well
    pipeline('x', [['a', count], ['b', length], ['c', later]])
    // @ts-expect-error -- and at the end
    pipeline('x', [['a', count], ['b', later], ['c', later]])
  }
})
