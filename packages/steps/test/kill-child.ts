// Runs one step in a process of its own and kills it, for real, just before its n-th change to the file
// system; a write may also be cut in half. Without n it runs to the end and prints how many moments
// there are. Arguments: the project directory, the name of the step, its inputs and params as JSON, n.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { deployModel } from '../src/deployment.ts'
import { monitorModel } from '../src/monitor.ts'

const [dir = '', name = '', inputs = '', params = '', moment = '0'] = process.argv.slice(2)
const step = { deployModel, monitorModel }[name]
if (step === undefined) throw new Error(`no step ${name}`)

let passed = 0
function pass(lastAct: () => void = () => {}): void {
  passed++
  if (passed !== Number(moment)) return
  lastAct()
  process.kill(process.pid, 'SIGKILL')
}

const real = { ...fs }
for (const call of [
  'mkdirSync',
  'openSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'rmSync',
] as const) {
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

await (step as (inputs: unknown, context: object) => unknown)(JSON.parse(inputs), {
  params: JSON.parse(params) as unknown,
  dir,
  signal: new AbortController().signal,
  log: () => {},
  metric: () => {},
})
process.stdout.write(String(passed))
