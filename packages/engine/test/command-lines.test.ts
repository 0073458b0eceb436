import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { command, env, file, pipeline, type CommandOptions } from '../src/index.ts'
import { engineOn, eventsOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

// oxlint-disable-next-line typescript/ban-types -- `{}` is right: nothing declared.
type Options = CommandOptions<{}, {}, {}, 'text'>

async function run(options: Omit<Options, 'stdout'>, dir = temporaryDir()) {
  const one = command({ ...options, stdout: 'text' })
  const engine = await engineOn(dir)
  const going = engine.run(pipeline('test', { one }))
  const { steps, id } = await going.result
  const { status, error } = steps['one'] ?? {}
  const said = status === 'failed' ? undefined : await going.value(one)
  return { status, error, said, log: await engine.log(id, 'one'), dir }
}

test('lines are commands of their own, each for a shell of its own', async () => {
  const { said, dir } = await run({
    cmd: { lines: ['x=1; cd /', 'echo "$x"; pwd', '', 'echo \'{inputs.no}\' {{ "${HOME}" {a,b}'] },
    setEnv: { HOME: '/home' },
  })
  expect(said).toBe(`\n${dir}\n{inputs.no} {{ /home a b\n`)
})

test('the first line that fails is the last, and is told of', async () => {
  const { error, dir } = await run({
    cmd: { lines: ['echo one', 'echo sorry >&2; exit 3', 'touch three'] },
  })
  expect(error?.code).toBe('STEPWELL_COMMAND')
  expect(error?.message).toMatch(/exit code 3; echo sorry.*exit 3; the last that it said:\nsorry$/)
  expect(error?.message).not.toContain('echo one')
  expect(existsSync(join(dir, 'three'))).toBe(false)
})

test('a timeout holds for all of them, and no further one is begun', async () => {
  const { error, dir } = await run({
    cmd: { lines: ['touch one', 'sleep 60 & sleep 60', 'touch three'] },
    timeout: 500,
  })
  expect(error?.code).toBe('STEPWELL_TIMEOUT')
  expect(existsSync(join(dir, 'three'))).toBe(false)
})

test('any shell will do, and its start-up files are not read', async () => {
  const dir = temporaryDir()
  writeFiles(dir, { 'odd.sh': '#!/bin/sh\necho "odd: $*"' })
  const odd = await run({ cmd: { lines: ['chmod +x odd.sh'] } }, dir)
  expect(odd.status).toBe('succeeded')
  const { said } = await run({ cmd: { lines: ['a; b', 'c'] }, shell: `${dir}/odd.sh` }, dir)
  expect(said).toBe('odd: -c a; b\nodd: -c c\n')
  const noted = '#!/bin/sh\necho "$*"'
  for (const [name, flags] of [
    ['bash', '--noprofile --norc -e -o pipefail -c shopt -s inherit_errexit 2>/dev/null || :; x'],
    ['zsh', '--no-rcs -e -o pipefail -c x'],
    ['fish', '-c x'],
  ] as const) {
    writeFiles(dir, { [name]: noted })
    await run({ cmd: ['chmod', '+x', name] }, dir)
    const shell = join(dir, name)
    const called = await run({ cmd: { lines: ['x'] }, shell }, dir)
    expect(called.said).toBe(`${flags}\n`)
    const plain = await run({ cmd: { lines: ['x'] }, shell: [shell, '-f'] }, dir)
    expect(plain.said).toBe('-f -c x\n')
  }
})

test('the whole environment is given when asked for, and what is set besides; neither is in the key', async () => {
  vi.stubEnv('SW_UNDECLARED', 'u')
  vi.stubEnv('SW_DECLARED', 'd')
  const lines = { lines: ['echo "$SW_UNDECLARED $SW_DECLARED $SW_SET"'] }
  const dir = temporaryDir()
  expect((await run({ cmd: lines }, dir)).said).toBe('  \n')
  const all = { cmd: lines, env: 'all' } as const
  expect(await run(all, dir)).toMatchObject({ status: 'cached', said: '  \n' })
  expect((await run({ ...all, version: '2' }, dir)).said).toBe('u d \n')
  const setEnv = { SW_SET: '$(s) "', SW_DECLARED: 'not this' }
  const inputs = { d: env('SW_DECLARED') }
  expect((await run({ cmd: lines, setEnv, inputs }, dir)).said).toBe(' d $(s) "\n')
})

test('files that a command names do not count when that is said', async () => {
  const dir = temporaryDir()
  writeFiles(dir, { 'a.txt': '1' })
  const lines = { lines: ['cat a.txt'] }
  const status = async (options: Partial<Options>) =>
    (await run({ cmd: lines, ...options }, dir)).status
  expect(await status({ namedFiles: false })).toBe('succeeded')
  expect(await status({})).toBe('succeeded')
  writeFiles(dir, { 'a.txt': '2' })
  expect(await status({ namedFiles: false })).toBe('cached')
  expect(await status({})).toBe('succeeded')
})

test('lines are in the key as they are, apart from a text and a list', async () => {
  const dir = temporaryDir()
  expect((await run({ cmd: 'true' }, dir)).status).toBe('succeeded')
  expect((await run({ cmd: ['true'] }, dir)).status).toBe('succeeded')
  const engine = await engineOn(dir)
  const one = command({ cmd: { lines: ['true', 'echo'] }, stdout: 'text' })
  const events = await eventsOf(engine.run(pipeline('test', { one })))
  expect(JSON.stringify(events)).toContain(JSON.stringify('{"lines":["true","echo"]}'))
  expect((await run({ cmd: { lines: ['true', 'echo'] } }, dir)).status).toBe('cached')
})

test('what cannot be meant is refused', () => {
  const refused = (options: object) => () => command(options as Options)
  const lines = ['true']
  for (const cmd of [{ lines: [] }, { lines: [' '] }, { lines: ['a\0'] }, { lines: 'true' }])
    expect(refused({ cmd })).toThrow('`cmd` of command()')
  expect(refused({ cmd: { lines }, env: 'some' })).toThrow('`env` of command()')
  expect(refused({ cmd: { lines }, namedFiles: 1 })).toThrow('`namedFiles` of command()')
  for (const setEnv of [{ 'A-B': '' }, { A: 1 }, { A: '\0' }, null])
    expect(refused({ cmd: { lines }, setEnv })).toThrow('`setEnv` of command()')
  expect(command({ cmd: { lines }, outs: { a: file('a') } }).kind).toBe('step')
})
