/** Hands what is written to standard output and standard error of this thread or process to `say`. */
export function divertOutput(say: (bytes: Buffer) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      say(Buffer.from(chunk as string))
      const done = rest.find((each) => typeof each === 'function')
      if (done !== undefined) process.nextTick(done)
      return true
    }
  }
}
