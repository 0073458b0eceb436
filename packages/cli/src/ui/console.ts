import { format } from 'node:util'

const METHODS = ['debug', 'error', 'info', 'log', 'warn'] as const

/**
 * Hands what steps write to the console to `say`, so that it mixes neither with the live view nor with
 * what a program reads from standard output. Returns how to undo it.
 */
export function divertConsole(say: (text: string) => void): () => void {
  // oxlint-disable-next-line no-console -- steps may use it; here is where it goes
  const own = console
  const before = METHODS.map((method) => [method, own[method]] as const)
  for (const method of METHODS) {
    own[method] = (...parts: unknown[]) => say(format(...parts))
  }
  return () => {
    for (const [method, original] of before) own[method] = original
  }
}
