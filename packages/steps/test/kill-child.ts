// Runs one step in a process of its own and kills it, for real, just before its n-th change to the file
// system; a write may also be cut in half. Without n it runs to the end and prints how many moments
// there are. Arguments: the project directory, the name of the step, its inputs and params as JSON, n.
import { killAt } from '../../../test/killing-fs.ts'
import { deployModel } from '../src/deployment.ts'
import { monitorModel } from '../src/monitor.ts'

const [dir = '', name = '', inputs = '', params = '', moment = '0'] = process.argv.slice(2)
const step = { deployModel, monitorModel }[name]
if (step === undefined) throw new Error(`no step ${name}`)

const passed = killAt(Number(moment), [
  'mkdirSync',
  'openSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'rmSync',
])

await (step as (inputs: unknown, context: object) => unknown)(JSON.parse(inputs), {
  params: JSON.parse(params) as unknown,
  dir,
  signal: new AbortController().signal,
  log: () => {},
  metric: () => {},
})
process.stdout.write(String(passed()))
