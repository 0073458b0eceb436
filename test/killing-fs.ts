import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

type Call = {
  [K in keyof typeof fs]: (typeof fs)[K] extends (...args: never[]) => unknown ? K : never
}[keyof typeof fs]

/**
 * From now on kills this process, for real, just before its n-th change to the file system, which is a call
 * of one of these, or of `writeFileSync`; a write may also be cut in half. Gives how many there have been.
 *
 * @param moment n, from 1; 0: never
 */
export function killAt(moment: number, calls: readonly Call[]): () => number {
  let passed = 0
  const pass = (lastAct: () => void = () => {}): void => {
    passed++
    if (passed !== moment) return
    lastAct()
    process.kill(process.pid, 'SIGKILL')
  }
  const real = { ...fs }
  for (const call of calls) {
    Object.assign(fs, {
      [call]: (...args: never[]): unknown => {
        pass()
        return (real[call] as (...args: never[]) => unknown)(...args)
      },
    })
  }
  fs.writeFileSync = (file, data) => {
    pass()
    const bytes = data as Uint8Array
    pass(() => real.writeFileSync(file, bytes.subarray(0, bytes.length / 2)))
    real.writeFileSync(file, data)
  }
  syncBuiltinESMExports()
  return () => passed
}
