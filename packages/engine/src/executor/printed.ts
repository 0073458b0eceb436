import { AsyncLocalStorage } from 'node:async_hooks'
import { format } from 'node:util'
import { OutputLines } from './command/output-lines.ts'
import type { Secrets } from './secrets.ts'

const METHODS = ['debug', 'error', 'info', 'log', 'warn'] as const

type Print = (text: string | Uint8Array) => void

/** Who takes what is printed: known of all that a function calls and awaits, timers included. */
const takers = new AsyncLocalStorage<Print>()
/** Those of the functions under way: what is printed by none of them, as far as can be told, may hold them. */
const secretsUnderWay = new Set<Secrets>()
/** Ours, which stand before what was there. */
const placed = new WeakSet<object>()

/**
 * What a function of a pipeline prints, by the console or to standard output or standard error of this process: it
 * goes to `log` in whole lines, with its secrets hidden.
 */
export class Printed {
  readonly #secrets: Secrets
  readonly #lines: OutputLines
  readonly #print: Print

  constructor(secrets: Secrets, log: (line: string) => void) {
    this.#secrets = secrets
    this.#lines = new OutputLines(secrets, (line) => {
      // A follower of the log may print, too.
      unprinted(() => log(line))
      return true
    })
    this.#print = (text) => this.#lines.push(Buffer.from(text as string))
    secretsUnderWay.add(secrets)
  }

  /** Calls the function. What it prints late, after its end, comes here as well. */
  by<T>(work: () => T): T {
    placeAll()
    return takers.run(this.#print, work)
  }

  /** Nothing more is expected. */
  end(): void {
    this.#lines.end()
    secretsUnderWay.delete(this.#secrets)
  }
}

/** Does what is not the function's own, in the midst of it. */
export function unprinted<T>(work: () => T): T {
  return takers.exit(work)
}

/** Others may have put something before it, or have taken it away: that is seen to each time. */
function placeAll(): void {
  // oxlint-disable-next-line no-console -- the follower of the run decides where steps print
  const own = console
  for (const method of METHODS) {
    const before = own[method]
    if (placed.has(before)) continue
    own[method] = (...parts: unknown[]): void => {
      const take = takers.getStore()
      if (take !== undefined) take(`${format(...parts)}\n`)
      else if (secretsUnderWay.size === 0) before.apply(own, parts)
      else before.call(own, hideAll(format(...parts)))
    }
    placed.add(own[method])
  }
  for (const stream of [process.stdout, process.stderr]) {
    // oxlint-disable-next-line typescript/unbound-method -- called with its stream below
    const before = stream.write
    if (placed.has(before)) continue
    const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const take = takers.getStore()
      if (take === undefined) {
        const shown = typeof chunk === 'string' ? hideAll(chunk) : chunk
        return Reflect.apply(before, stream, [shown, ...rest]) as boolean
      }
      take(chunk)
      const done = rest.find((each) => typeof each === 'function')
      if (done !== undefined) process.nextTick(done)
      return true
    }
    stream.write = write
    placed.add(write)
  }
}

function hideAll(text: string): string {
  let shown = text
  for (const secrets of secretsUnderWay) shown = secrets.hide(shown)
  return shown
}
