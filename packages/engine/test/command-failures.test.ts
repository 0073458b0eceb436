import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import {
  command,
  describeReason,
  file,
  pipeline,
  service,
  step,
  type CommandOptions,
  type Step,
} from '../src/index.ts'
import { findProgram } from '@stepwell/base/program'
import { engineOn } from './support/engine.ts'
import { temporaryDir } from './support/temporary.ts'

// oxlint-disable-next-line typescript/ban-types -- `{}` is right: nothing declared.
type Shell = Pick<CommandOptions<{}, {}, {}, 'log'>, 'shell'>

const OUT = { o: file('o.txt') }

/** Runs a text twice, and tells how it went. */
async function outcome(cmd: string, shell: Shell = {}) {
  const engine = await engineOn(temporaryDir())
  const out = cmd.includes('{outs.o}') ? { outs: OUT } : {}
  const run = async () => {
    const one = command({ cmd, ...shell, ...out })
    const { steps } = await engine.run(pipeline('p', { one })).result
    return steps['one']
  }
  const [first, second] = [await run(), await run()]
  return {
    first: first?.status,
    second: second?.status,
    message: first?.error?.message,
    hint: first?.error?.hint,
  }
}

// Of a shell that has no `pipefail`, only those outside of pipes are seen.
const LOST = [
  'false\necho done > {outs.o}',
  'false; echo done > {outs.o}',
  '{{ echo half; false; }} > {outs.o}; true',
  '(echo half; exit 3) > {outs.o}\ntrue',
  'f() {{ false; echo half; }}\nf > {outs.o}',
  'for i in 1 2; do cat none; done > {outs.o}; true',
  'x=$(false; echo half)\necho "$x" > {outs.o}',
  'cd none\necho here > {outs.o}',
]
const LOST_IN_PIPES = [
  '(echo half; exit 1) | cat > {outs.o}',
  'false | true | cat > {outs.o}',
  'cat none | sort | uniq > {outs.o}; echo done',
  'x=$(false | cat)\necho "$x" > {outs.o}',
]
const FINE = [
  'if false; then echo no; fi; echo yes > {outs.o}',
  'false || echo yes > {outs.o}',
  '! false; echo yes > {outs.o}',
  'grep -q none o.txt 2>/dev/null || echo yes > {outs.o}',
  'set +e\nfalse\necho yes > {outs.o}',
  'echo a | grep -c b > {outs.o} || test $? = 1',
]

describe('what fails in a text fails the step, and nothing of it is cached:', () => {
  for (const shell of [undefined, '/bin/bash', 'bash', '/bin/sh', 'sh', 'dash', 'zsh', 'mksh']) {
    const found = shell === undefined ? 'bash' : findProgram(shell.split('/').at(-1) ?? '')
    const given: Shell = shell === undefined ? {} : { shell }
    const pipes = shell === undefined || shell.endsWith('bash') ? LOST_IN_PIPES : []
    test.skipIf(found === undefined)(`by ${shell ?? 'the default shell'}`, async () => {
      for (const cmd of [...LOST, ...pipes]) {
        const ends = await outcome(cmd, given)
        expect([cmd, ends.first, ends.second]).toEqual([cmd, 'failed', 'failed'])
      }
      for (const cmd of FINE) {
        const ends = await outcome(cmd, given)
        expect([cmd, ends.first, ends.second]).toEqual([cmd, 'succeeded', 'cached'])
      }
    })
  }

  test('a shell that is named with its options is given no others', async () => {
    for (const shell of [['/bin/sh'], ['/bin/bash']]) {
      for (const cmd of ['false; echo done > {outs.o}', 'false | cat > {outs.o}'])
        expect(await outcome(cmd, { shell })).toMatchObject({ first: 'succeeded' })
    }
    const ends = await outcome('false; echo done > {outs.o}', { shell: ['/bin/sh', '-e'] })
    expect(ends.first).toBe('failed')
  })

  test('lines, too', async () => {
    const engine = await engineOn(temporaryDir())
    const lines = async (shell: Shell): Promise<string | undefined> => {
      const one = command({ cmd: { lines: ['false | true', 'true'] }, ...shell })
      return (await engine.run(pipeline('p', { one })).result).steps['one']?.status
    }
    expect(await lines({})).toBe('failed')
    expect(await lines({ shell: ['/bin/sh'] })).toBe('succeeded')
  })

  test('a service whose text fails before its server is not up', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const up = (shell: Shell): Step =>
      service({ cmd: 'false | true; echo up; sleep 60', ready: { log: 'up' }, ...shell })
    const end = async (server: Step): Promise<string | undefined> => {
      const reader = step({ inputs: { server }, run: () => 1 })
      return (await engine.run(pipeline('p', { server, reader })).result).steps['server']?.status
    }
    expect(await end(up({}))).toBe('failed')
    expect(await end(up({ shell: ['/bin/sh'] }))).toBe('succeeded')
  })
})

test('one whose reader ends first fails, and is told what to do', async () => {
  const ends = await outcome('yes | head -1 > {outs.o}')
  expect(ends.first).toBe('failed')
  expect(ends.message).toMatch(/exit code 141/)
  expect(ends.hint).toMatch(/`set \+o pipefail` before it/)
  const right = await outcome('set +o pipefail; yes | head -1 > {outs.o}')
  expect(right).toMatchObject({ first: 'succeeded', second: 'cached' })
})

test('where there is no bash, sh reads it; which one does is in the key', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const made = (): Record<string, Step> => ({
    one: command({ cmd: 'false || echo "${{BASH_VERSION:+bash}}" > {outs.o}', outs: OUT }),
  })
  const run = async () => (await engine.run(pipeline('p', made())).result).steps['one']
  expect((await run())?.status).toBe('succeeded')
  expect(readFileSync(join(dir, 'o.txt'), 'utf8')).toBe('bash\n')
  const bin = temporaryDir()
  for (const name of ['sh', 'cat']) symlinkSync(findProgram(name) ?? '', join(bin, name))
  vi.stubEnv('PATH', bin)
  const again = await run()
  expect(again?.status).toBe('succeeded')
  expect(again?.reasons?.map(describeReason)).toContain(
    'the command\'s shell changed: "bash" -> "/bin/sh"',
  )
  expect(readFileSync(join(dir, 'o.txt'), 'utf8')).toBe('\n')
})
