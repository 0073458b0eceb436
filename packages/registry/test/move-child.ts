// Moves an alias in a process of its own. Arguments: the registry's folder, how: `toggle`, the versions,
// how often; or `kill`, the version, the number of the change to the file system before which it kills
// itself, for real (0: never, and it prints how many there are).
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
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
  let passed = 0
  const pass = (lastAct: () => void = () => {}): void => {
    passed++
    if (passed !== Number(count)) return
    lastAct()
    process.kill(process.pid, 'SIGKILL')
  }
  const real = { ...fs }
  for (const call of ['mkdirSync', 'openSync', 'fsyncSync', 'linkSync', 'rmSync'] as const) {
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
  moveAlias(dir, { ...place, version: versions })
  process.stdout.write(String(passed))
}
