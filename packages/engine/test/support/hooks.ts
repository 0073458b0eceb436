import { onTestFinished } from 'vitest'
import type { StepContext } from '../../src/index.ts'

type Context = StepContext<object>
type Work = (inputs: never, context: Context) => unknown

const hooks = new Map<string, Work>()
const calls: string[] = []

/**
 * A step function that a test can look at and steer: it notes that it was called, and does what the
 * test has put in its place, else its own work. The engine sees none of this in its code.
 */
export function hook<I, O>(
  name: string,
  own: (inputs: I, context: Context) => O,
): (inputs: I, context: Context) => O {
  return (inputs, context) => {
    calls.push(name)
    const work = (hooks.get(name) ?? own) as typeof own
    return work(inputs, context)
  }
}

/** Puts work in the place of a step's own. */
export function replace(name: string, work: (inputs: never, context: Context) => unknown): void {
  hooks.set(name, work)
}

/** Makes a step wait until it is released, at the latest when the test has ended. */
export function block(name: string): { readonly called: Promise<void>; release(): void } {
  const [called, released] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
  const release = (): void => released.resolve(name)
  onTestFinished(release)
  replace(name, () => {
    called.resolve()
    return released.promise
  })
  return { called: called.promise, release }
}

/** Names of the steps called since the last time this was asked. */
export function takeCalls(): string[] {
  return calls.splice(0)
}

export function resetHooks(): void {
  hooks.clear()
  calls.length = 0
}
