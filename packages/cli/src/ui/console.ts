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

/**
 * What is printed while something is done, by the console or to standard output or standard error. The console
 * itself stays as it is: modules keep its functions.
 */
export async function collectPrinted<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: PromiseSettledResult<T>; readonly text: string }> {
  const pieces: string[] = []
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was
  const streams = [process.stdout, process.stderr].map((stream) => [stream, stream.write] as const)
  for (const [stream] of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      pieces.push(Buffer.from(chunk as string).toString())
      const done = rest.find((each) => typeof each === 'function')
      if (done !== undefined) process.nextTick(done)
      return true
    }
  }
  try {
    const [done] = await Promise.allSettled([work()])
    return { done, text: pieces.join('') }
  } finally {
    for (const [stream, write] of streams) stream.write = write
  }
}
