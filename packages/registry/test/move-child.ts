// Moves an alias in a process of its own. Arguments: the registry's folder, how: `toggle`, the versions,
// how often; or `kill`, the version, the number of the change to the file system before which it kills
// itself, for real (0: never, and it prints how many there are).
import { killAt } from '../../../test/killing-fs.ts'
import { moveAlias } from '../src/index.ts'

const [dir = '', how = '', versions = '', count = '0'] = process.argv.slice(2)
const place = { model: 'line', alias: 'champion', action: 'promote', by: 'child' } as const

if (how === 'toggle') {
  const ids = versions.split(',')
  let made = 0
  for (let turn = 0; turn < Number(count); turn++) {
    const version = ids[turn % ids.length] ?? ''
    if (moveAlias(dir, { ...place, version, why: `${process.pid}` }) !== undefined) made++
  }
  process.stdout.write(String(made))
} else {
  const calls = ['mkdirSync', 'openSync', 'fsyncSync', 'linkSync', 'rmSync'] as const
  const passed = killAt(Number(count), calls)
  moveAlias(dir, { ...place, version: versions })
  process.stdout.write(String(passed()))
}
