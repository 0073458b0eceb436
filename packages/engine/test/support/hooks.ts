import { channel } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { StepContext } from '../../src/index.ts'
import { HOOKS, type HookCall } from './hook.ts'

type Context = StepContext<object>
type Work = (inputs: never, context: Context) => unknown

const hooks = new Map<string, Work>()
const calls: string[] = []

channel(HOOKS).subscribe((message) => {
  const call = message as HookCall
  calls.push(call.name)
  call.work = hooks.get(call.name) ?? call.work
})

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
