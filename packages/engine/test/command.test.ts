import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  command,
  describeReason,
  dir as dirAt,
  env,
  file,
  glob,
  outline,
  pipeline,
  secret,
  step,
  toMermaid,
  type EngineOptions,
  type Run,
  type RunRecord,
  type Step,
} from '../src/index.ts'
import { engineOn, eventOf, statusesOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

const HOSTILE = [
  'a b  c',
  "'; touch pwned; '",
  '"; touch pwned; "',
  '$(touch pwned)',
  '`touch pwned`',
  '${HOME}',
  '$HOME',
  '\\',
  'a\\"b',
  'EOF',
  'line one\nEOF\nline two\n',
  '*',
  '-n',
  '~',
  '!!',
  '# no',
  '{params}',
  '{{',
  '\u0001\t\r',
  'äöü 🚲',
  '',
]
// Prints its arguments as JSON.
const SHOW = `${process.execPath} show.cjs`
const SHOW_FILE = { 'show.cjs': 'console.log(JSON.stringify(process.argv.slice(2)))' }

/** A project directory with an engine on it. */
async function projectWith(files: Record<string, string> = {}, options: EngineOptions = {}) {
  const dir = temporaryDir()
  writeFiles(dir, files)
  const engine = await engineOn(dir, options)
  const start = (steps: Record<string, Step>): Run => engine.run(pipeline('test', steps))
  const run = async (steps: Record<string, Step>): Promise<RunRecord> => await start(steps).result
  const valueOf = async (one: Step, others: Record<string, Step> = {}): Promise<unknown> => {
    const going = start({ ...others, one })
    const record = await going.result
    expect(record.steps['one']?.error).toBeUndefined()
    return await going.value(one)
  }
  const failureOf = async (one: Step, others: Record<string, Step> = {}) =>
    (await run({ ...others, one })).steps['one']?.error
  const logOf = async ({ id }: RunRecord) => await engine.log(id, 'one')
  return {
    dir,
    engine,
    start,
    run,
    valueOf,
    failureOf,
    logOf,
    path: (name: string) => join(dir, name),
  }
}

function stub(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \([^]*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('placeholders', () => {
  test('of each kind, in a list: each is one argument, or a part of one', async () => {
    const { valueOf } = await projectWith({ ...SHOW_FILE, 'in/a b.csv': '', 'in/deep/-c.csv': '' })
    const rows = step({ run: () => ({ rows: [1, 'two'] }) })
    const one = command({
      cmd: [
        process.execPath,
        '../show.cjs',
        '{inputs.csv}',
        'in={inputs.all}',
        '{inputs.files}',
        '{params.rate}/{params.model.name}',
        '{inputs.region}',
        '{{{inputs.region}}}',
      ],
      inputs: {
        csv: file('in/a b.csv'),
        all: dirAt('in'),
        files: glob('**/*.csv'),
        region: env('STEPWELL_TEST_NONE', { fallback: '$x y' }),
      },
      params: { rate: 0.1, model: { name: 'a b' } },
      dir: 'in',
      stdout: 'json',
    })
    expect(await valueOf(one)).toEqual([
      'a b.csv',
      'in=.',
      'a b.csv',
      'deep/-c.csv',
      '0.1/a b',
      '$x y',
      '{$x y}',
    ])
    const shown = command({
      cmd: 'cat {inputs.rows} {inputs.field} {params}; echo made > {scratch}/x; cp {scratch}/x {outs.made}',
      inputs: { rows, field: rows.pick('rows') },
      params: { deep: { list: [1] } },
      outs: { made: file('made.txt') },
      stdout: 'text',
    })
    expect(await valueOf(shown, { rows })).toBe(
      '{"rows":[1,"two"]}\n[1,"two"]\n{"deep":{"list":[1]}}\n',
    )
  })

  test('a file whose name begins with a hyphen is no option', async () => {
    const { valueOf } = await projectWith({ '-n': 'text', '-e.x': 'more' })
    const one = command({
      cmd: 'cat {inputs.one} {inputs.all}',
      inputs: { one: file('-n'), all: glob('*.x') },
      stdout: 'text',
    })
    expect(await valueOf(one)).toBe('textmore')
  })

  test.each(['/bin/sh', '/bin/bash'])(
    'no value is parsed by %s, wherever it stands',
    async (shell) => {
      const { valueOf, path } = await projectWith(SHOW_FILE)
      const names = HOSTILE.map((_, index) => `v${index}`)
      const params = Object.fromEntries(HOSTILE.map((value, index) => [`v${index}`, value]))
      const shown = async (cmd: string) =>
        (await valueOf(command({ cmd, shell, params, stdout: 'text' }))) as string
      const list = (text: (name: string) => string) => names.map((name) => text(`{params.${name}}`))
      const args = async (text: (name: string) => string): Promise<unknown> =>
        JSON.parse(await shown(`${SHOW} ${list(text).join(' ')}`))

      expect(await args((name) => name)).toEqual(HOSTILE)
      expect(await args((name) => `"${name}"`)).toEqual(HOSTILE)
      expect(await args((name) => `a${name}b`)).toEqual(HOSTILE.map((value) => `a${value}b`))
      expect(await args((name) => `'it'"s ${name} \\" $((1 + 1))"`)).toEqual(
        HOSTILE.map((value) => `its ${value} " 2`),
      )
      // A substitution takes the line breaks at the end away.
      expect(await args((name) => `"$(printf '%s.' ${name})"`)).toEqual(HOSTILE.map((v) => `${v}.`))
      expect(await args((name) => `"$(printf '%s.' "$(printf %s "${name}.")")"`)).toEqual(
        HOSTILE.map((value) => `${value}..`),
      )
      expect(await args((name) => `"$(case x in (y) ;; x) printf '%s.' ${name};; esac)"`)).toEqual(
        HOSTILE.map((value) => `${value}.`),
      )
      const bodies = await shown(
        list((name) => `cat <<-EOF\n\t<"${name}" 'it' \\$x>\n\tEOF\n`).join(''),
      )
      expect(bodies).toBe(HOSTILE.map((value) => `<"${value}" 'it' $x>\n`).join(''))
      const inFunction = `f() {{ shift; set -- x y; ${SHOW} {params.v0} "$@" {params.v3}; }}; f a b`
      expect(JSON.parse(await shown(inFunction))).toEqual([HOSTILE[0], 'x', 'y', HOSTILE[3]])
      expect(
        JSON.parse(
          await shown(
            `x={params.v5}; for y in {params.v11} "$x"; do ${SHOW} "$y"; done | tail -n 1`,
          ),
        ),
      ).toEqual([HOSTILE[5]])
      expect(existsSync(path('pwned'))).toBe(false)
    },
  )

  test('of a glob are separate words, none where there is no file', async () => {
    const { valueOf } = await projectWith({ ...SHOW_FILE, "a '$(x).csv": '', 'b c.csv': '' })
    const inputs = { files: glob('*.csv'), none: glob('*.no', { optional: true }) }
    const cmd = `${SHOW} x {inputs.none} {inputs.files};`
    const one = command({ cmd, inputs, stdout: 'json' })
    expect(await valueOf(one)).toEqual(['x', "a '$(x).csv", 'b c.csv'])
    const many = command({
      cmd: `for f in {inputs.files}; do echo "$f"; done`,
      inputs,
      stdout: 'text',
    })
    expect(await valueOf(many)).toBe("a '$(x).csv\nb c.csv\n")
  })

  const declared = {
    inputs: { a: file('a'), g: glob('*'), s: secret('S') },
    params: { p: 1, o: {} },
  }
  test.each([
    ['echo {inputs.b}', /one of \{inputs\.a\}, \{inputs\.g\}, \{params\.p\}, .*got \{inputs\.b\}/],
    ['echo {params.o}', /got \{params\.o\}/],
    ['echo {outs.x}', /got \{outs\.x\}/],
    ['echo {inputs.s}', /is a secret.*variable S/],
    ['echo {', /other braces doubled/],
    ['echo }', /other braces doubled/],
    ["awk '{print $1}'", /got \{print \$1\}/],
    ["echo '{inputs.a}'", /\{inputs\.a\}: stands in single quotes/],
    ['echo `cat {inputs.a}`', /backticks/],
    ['echo "`cat {inputs.a}`"', /backticks/],
    ['echo $(( {params.p} + 1 ))', /arithmetic/],
    ['(( x = {params.p} ))', /arithmetic/],
    ['echo "$(( "{params.p}" ))"', /arithmetic/],
    ['[[ {params.p} -eq 1 ]]', /\[\[ \]\]/],
    ['echo ${{x:-{params.p}}}', /stands in `\$\{ \}`/],
    ['echo ${{x:-"{params.p}"}}', /stands in `\$\{ \}`/],
    ['a[{params.p}]=1', /subscript/],
    ['echo ${params.p}', /after `\$`/],
    ['echo "$\\{params.p}"', /after a backslash/],
    ['echo \\{params.p}', /after a backslash/],
    ["cat <<'EOF'\n{params.p}\nEOF", /here-document whose end is quoted/],
    ['cat <<\\EOF\n{params.p}\nEOF', /here-document whose end is quoted/],
    ['echo {params.p} "', /cannot be followed/],
    ['echo {params.p} $(', /cannot be followed/],
    ["echo $'it\\'s' {params.p}", /cannot be followed/],
    ['cat <<EOF {params.p}', /cannot be followed/],
    ['cat "{inputs.g}"', /stand by itself/],
    ['cat x={inputs.g}', /stand by itself/],
    [['cat', 'x={inputs.g}'], /stand by itself/],
  ])('%j is refused', (cmd, message) => {
    expect(() => command({ ...declared, cmd })).toThrow(TypeError)
    expect(() => command({ ...declared, cmd })).toThrow(message)
  })

  test('options that are none are refused', () => {
    const wrong = (options: object, message: RegExp) =>
      expect(() => command(options as never)).toThrow(message)
    wrong({}, /`cmd` of command\(\) to be a text/)
    wrong({ cmd: [] }, /`cmd` of command\(\)/)
    wrong({ cmd: ' ' }, /name a program/)
    wrong({ cmd: ['a', 1] }, /`cmd` of command\(\)/)
    wrong({ cmd: 'a', run: () => 1 }, /command\(\) has no option `run`/)
    wrong({ cmd: 'a', code: 1 }, /command\(\) has no option `code`/)
    wrong({ cmd: 'a', executor: 'thread' }, /command\(\) has no option `executor`/)
    wrong({ cmd: 'a', dir: '../x' }, /`dir` of command\(\)/)
    expect(() => command({ cmd: 'a', dir: '..x' })).not.toThrow()
    wrong({ cmd: 'a', dir: '/x' }, /`dir` of command\(\)/)
    wrong({ cmd: 'a', stdout: 'xml' }, /`stdout` of command\(\)/)
    wrong({ cmd: ['a'], shell: '/bin/sh' }, /`shell` of command\(\)/)
    wrong({ cmd: 'a', passEnv: ['A B'] }, /`passEnv` of command\(\)/)
    wrong({ cmd: 'a', inputs: 1 }, /`inputs` of command\(\)/)
    wrong({ cmd: 'a', dependsOn: [() => 1] }, /`dependsOn\[0\]` of command\(\)/)
  })

  test('an input that is no JSON, and a value that is no argument, fail the step', async () => {
    const { failureOf } = await projectWith()
    const map = step({ run: () => new Map([[1, 2]]) })
    const one = command({ cmd: 'cat {inputs.map}', inputs: { map } })
    expect(await failureOf(one, { map })).toMatchObject({ code: 'STEPWELL_COMMAND_INPUT' })
    const nul = command({ cmd: ['echo', '{params.x}'], params: { x: 'a\0b' } })
    expect(await failureOf(nul)).toMatchObject({
      code: 'STEPWELL_COMMAND_INPUT',
      message: expect.stringContaining('NUL') as string,
    })
  })
})

describe('the environment', () => {
  test('is a small base, what is declared, and what is passed', async () => {
    stub({ STEPWELL_TEST_A: 'a', STEPWELL_TEST_B: 'b', STEPWELL_TEST_C: 'c', LC_TIME: 'C' })
    const { valueOf } = await projectWith()
    const one = command({
      cmd: ['env'],
      inputs: { a: env('STEPWELL_TEST_A'), other: env('STEPWELL_TEST_D', { fallback: 'd' }) },
      passEnv: ['STEPWELL_TEST_B', 'STEPWELL_TEST_NONE'],
      stdout: 'text',
    })
    const names = String(await valueOf(one))
      .trim()
      .split('\n')
    expect(names).toEqual(
      expect.arrayContaining([
        'STEPWELL_TEST_A=a',
        'STEPWELL_TEST_B=b',
        'STEPWELL_TEST_D=d',
        'LC_TIME=C',
      ]),
    )
    const base =
      /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|STEPWELL_TEST_[ABD]|STEPWELL_COMMAND)=/
    expect(names.filter((line) => !base.test(line))).toEqual([])
  })

  test('holds secrets, which are hidden in the log and refused in the value', async () => {
    const password = 'hunter2 "q"\nsecond line of it'
    stub({ STEPWELL_TEST_SECRET: password })
    const { run, failureOf, logOf } = await projectWith()
    const inputs = { password: secret('STEPWELL_TEST_SECRET') }
    // In pieces of one byte each.
    const slowly = `printf %s "x$STEPWELL_TEST_SECRET!" | dd bs=1 2> /dev/null; echo`
    const record = await run({ one: command({ cmd: slowly, inputs }) })
    expect(await logOf(record)).toBe('x***!\n')
    const failed = await failureOf(command({ cmd: `(${slowly}) >&2; exit 3`, inputs }))
    expect(failed?.message).toContain('x***!')
    const leaked = await failureOf(command({ cmd: slowly, inputs, stdout: 'text' }))
    expect(leaked).toMatchObject({ code: 'STEPWELL_SECRET' })
  })
})

describe('the key', () => {
  test('holds what is run, and files of the project that it names', async () => {
    const { run, engine, path, dir } = await projectWith({
      'src/train.sh': 'echo 1; cat src/data.txt',
      'src/data.txt': 'x',
      'src/conf.yaml': '',
      'src/my file.txt': '',
    })
    const make = (options: object = {}) => {
      const cmd = `sh train.sh --config=conf.yaml "my file.txt" ; echo done > log.txt`
      return { one: command({ cmd, dir: 'src', ...options }) as Step }
    }
    const first = await run(make({ dir: '.', cmd: 'sh src/train.sh' }))
    expect(statusesOf(first)).toEqual({ one: 'succeeded' })
    const reasonsFor = async (steps: Record<string, Step>) => {
      const { steps: planned } = await engine.plan(pipeline('test', steps))
      const reasons = planned[0]?.reasons.map(describeReason)
      await run(steps)
      return reasons
    }
    const base = { dir: '.', cmd: 'sh src/train.sh' }
    expect(await reasonsFor(make(base))).toEqual([`unchanged since run ${first.id}`])
    writeFiles(dir, { 'src/train.sh': 'echo 2' })
    expect(await reasonsFor(make(base))).toEqual(['`dependsOn` file src/train.sh changed'])
    // What the script reads by itself is not seen.
    writeFiles(dir, { 'src/data.txt': 'y' })
    expect((await reasonsFor(make(base)))?.[0]).toMatch(/^unchanged/)
    expect(await reasonsFor(make({ ...base, cmd: 'sh ./src/train.sh' }))).toEqual([
      'the command changed: "sh src/train.sh" -> "sh ./src/train.sh"',
    ])
    expect(await reasonsFor(make({ ...base, cmd: ['sh', 'src/train.sh'] }))).toEqual([
      'the command changed: "sh ./src/train.sh" -> "[\\"sh\\",\\"src/train.sh\\"]"',
      'the command\'s shell changed: "bash" -> null',
    ])
    await run(make())
    for (const name of ['conf.yaml', 'my file.txt', 'train.sh']) {
      writeFiles(dir, { [`src/${name}`]: `# ${name}` })
      expect(await reasonsFor(make()), name).toEqual([`\`dependsOn\` file src/${name} changed`])
    }
    // It writes that file itself.
    expect(readFileSync(path('src/log.txt'), 'utf8')).toBe('done\n')
    expect((await reasonsFor(make()))?.[0]).toMatch(/^unchanged/)
    expect(await reasonsFor(make({ passEnv: ['HOME'] }))).toEqual([
      expect.stringMatching(/^unchanged/),
    ])
    expect(await reasonsFor(make({ stdout: 'text' }))).toEqual([
      'the command\'s stdout changed: "log" -> "text"',
    ])
    expect(await reasonsFor({ one: step({ run: () => 1 }) })).toEqual([
      ...['conf.yaml', 'my file.txt', 'train.sh'].map((n) => `\`dependsOn\` file src/${n} removed`),
      expect.stringMatching(/^it calls a function now, before it ran "sh train/),
    ])
  })

  test('has what is declared once, and no outs of its own', async () => {
    const { engine } = await projectWith({ 'a.py': '', 'lib/b.py': '', out: '', 'c.py': '' })
    const one = command({
      cmd: 'cat a.py lib/b.py c.py out > x',
      inputs: { a: file('a.py'), lib: dirAt('./lib/') },
      outs: { out: file('out') },
      dependsOn: [file('c.py')],
    })
    const { steps } = await engine.plan(pipeline('test', { one }))
    expect(steps[0]?.inputs.map(({ source }) => source)).toEqual([
      'file a.py',
      'dir ./lib',
      'file c.py',
    ])
  })

  test('is that of the next one: an unchanged output stops the wave', async () => {
    const { dir, run } = await projectWith({ 'a.sh': 'echo 1' })
    const make = command({ cmd: ['sh', 'a.sh'], stdout: 'json' })
    const read = step({ inputs: { n: make }, run: ({ n }) => n })
    await run({ make, read })
    writeFiles(dir, { 'a.sh': 'echo   1' })
    expect(statusesOf(await run({ make, read }))).toEqual({ make: 'succeeded', read: 'cached' })
  })
})

test('a command is shown by its text, or its description', async () => {
  const { engine } = await projectWith()
  const one = command({ cmd: ['python', 'train it.py', '{params.x}'], params: { x: 1 } })
  const two = command({ cmd: `echo  ${'x'.repeat(100)}` })
  const three = command({ cmd: 'x', description: 'trains' })
  const all = pipeline('test', { one, two, three })
  expect(outline(all).map(({ action }) => action)).toEqual([
    'python "train it.py" {params.x}',
    `echo ${'x'.repeat(54)}…`,
    'trains',
  ])
  expect(toMermaid(all)).toContain('one')
  const plan = await engine.plan(all)
  expect(plan.steps[0]).not.toHaveProperty('pinned')
  expect(plan.warnings).toEqual([])
})

describe('what it prints', () => {
  test('is its value, as text or JSON, or nothing', async () => {
    const { valueOf } = await projectWith()
    expect(await valueOf(command({ cmd: 'echo 1' }))).toBe(null)
    expect(await valueOf(command({ cmd: 'echo 1', stdout: 'text' }))).toBe('1\n')
    expect(await valueOf(command({ cmd: `echo '{{"a":[1]}}'`, stdout: 'json' }))).toEqual({
      a: [1],
    })
  })

  test('fails the step when it is not what was said, or too much', async () => {
    const { failureOf } = await projectWith()
    const code = 'STEPWELL_COMMAND_OUTPUT'
    expect(await failureOf(command({ cmd: 'echo x', stdout: 'json' }))).toMatchObject({ code })
    expect(await failureOf(command({ cmd: `printf '\\377'`, stdout: 'text' }))).toMatchObject({
      code,
    })
    const much = command({ cmd: 'head -c 100M /dev/zero; sleep 1000', stdout: 'text' })
    expect(await failureOf(much)).toMatchObject({
      code,
      message: expect.stringMatching('64 MB') as string,
    })
  })

  test('goes to the log line by line: of a progress bar its last state, of a long line pieces', async () => {
    const { run, logOf } = await projectWith()
    const cmd = `printf 'one\\r\\ntwo\\n10%%\\r50%%\\r100%%\\n\\nend'; echo err >&2; head -c 40000 /dev/zero | tr '\\0' x >&2`
    const log = (await logOf(await run({ one: command({ cmd }) }))) ?? ''
    const lines = log.split('\n')
    expect(lines.filter((line) => /^(?:one|two|100%|)$/.test(line))).toEqual([
      'one',
      'two',
      '100%',
      '',
      '',
    ])
    expect(lines).toContain('end')
    expect(lines).toContain('err')
    expect(lines.filter((line) => line.startsWith('x')).map((line) => line.length)).toEqual([
      16384, 16384, 7232,
    ])
    const bar = `i=0; while [ $i -lt 5000 ]; do printf 'abc %s\\r' $i; i=$((i+1)); done; echo`
    expect(await logOf(await run({ one: command({ cmd: bar }) }))).toBe('abc 4999\n')
  })
})

describe('a failure', () => {
  test('has the exit code or the signal, and what was said last', async () => {
    const { failureOf } = await projectWith()
    const failed = await failureOf(
      command({ cmd: 'for i in 1 2 3; do echo "no $i" >&2; done; exit 7' }),
    )
    expect(failed).toMatchObject({
      code: 'STEPWELL_COMMAND',
      message: expect.stringMatching(
        /exit code 7; .*; the last that it said:\nno 1\nno 2\nno 3$/,
      ) as string,
    })
    const killed = await failureOf(command({ cmd: 'kill -SEGV $$' }))
    expect(killed?.message).toMatch(/was killed by SIGSEGV/)
  })

  test('of the start is told apart', async () => {
    const { failureOf, dir } = await projectWith({ plain: 'x' })
    chmodSync(join(dir, 'plain'), 0o644)
    const code = 'STEPWELL_COMMAND_START'
    const told = async (options: Parameters<typeof command>[0]) => {
      const failure = await failureOf(command(options))
      expect(failure?.code).toBe(code)
      return `${failure?.message}; ${failure?.hint ?? ''}`
    }
    expect(await told({ cmd: ['no-such-program'] })).toMatch(/there is no program no-such-program/)
    expect(await told({ cmd: ['./plain'] })).toMatch(/may not be executed/)
    expect(await told({ cmd: 'echo', dir: 'none' })).toMatch(/there is no directory .*none/)
    mkdirSync(join(dir, 'deep/in'), { recursive: true })
    symlinkSync('deep/in', join(dir, 'link'))
    expect(await told({ cmd: 'cat ../plain', dir: 'link' })).toMatch(/by a symbolic link.*deep\/in/)
    expect(await told({ cmd: 'echo', shell: '/bin/none' })).toMatch(/no program \/bin\/none/)
    expect(await told({ cmd: ['echo', 'x'.repeat(4_000_000)] })).toMatch(/arguments are longer/)
  })
})

describe('a process', () => {
  test('has nothing to read, and leads a group of its own', async () => {
    const { valueOf } = await projectWith()
    expect(await valueOf(command({ cmd: 'cat', stdout: 'text' }))).toBe('')
    const [pid, group] = String(
      await valueOf(command({ cmd: `cut -d ' ' -f 1,5 /proc/self/stat`, stdout: 'text' })),
    ).split(/\s/)
    expect(Number(group)).toBeGreaterThan(0)
    expect(group).not.toBe(String(process.pid))
    expect(pid).toBeDefined()
  })

  /** Stops a run once its step has said `ready`. */
  const stopWhenReady = async (run: Run): Promise<RunRecord> => {
    await eventOf(run, (event) => event.type === 'step-log' && event.line === 'ready')
    run.stop('kill')
    return await run.result
  }

  test('that ignores to be told is killed after the time of grace', async () => {
    const { start, path } = await projectWith({}, { grace: 100 })
    const cmd = `trap '' TERM; echo $$ > pid; echo ready; while :; do sleep 1; done`
    const record = await stopWhenReady(start({ one: command({ cmd }) }))
    expect(record.steps['one']).toMatchObject({
      status: 'cancelled',
      error: { code: 'STEPWELL_COMMAND' },
    })
    expect(isAlive(Number(readFileSync(path('pid'), 'utf8')))).toBe(false)
  })

  test('may end well when it is told to; what it made does not count all the same', async () => {
    const { start, run, path } = await projectWith({}, { grace: 60_000 })
    const cmd = `trap 'echo saved > saved; exit 0' TERM; echo ready; while :; do sleep 0.05; done`
    const steps = { one: command({ cmd }) }
    const record = await stopWhenReady(start(steps))
    expect(readFileSync(path('saved'), 'utf8')).toBe('saved\n')
    expect(statusesOf(record)).toEqual({ one: 'cancelled' })
    const planned = command({ cmd, timeout: 50 })
    const late = await run({ one: planned })
    expect(late.steps['one']?.error?.code).toBe('STEPWELL_TIMEOUT')
  })

  test('children of it have the time of grace, too, and are all gone then', async () => {
    const { start, path } = await projectWith({}, { grace: 1500 })
    const ignoring = `sh -c 'trap "" TERM; echo $$ >> pids; exec sleep 1000'`
    // The first one ends by itself after it was told.
    const cmd = `: > pids; (trap 'sleep 0.05; echo saved > saved; exit' TERM; echo 0 >> pids; while :; do sleep 0.02; done) &
      ${ignoring} & ${ignoring} &
      while [ "$(wc -l < pids)" -lt 3 ]; do sleep 0.01; done 2> /dev/null; echo ready; wait`
    await stopWhenReady(start({ one: command({ cmd }) }))
    const pids = readFileSync(path('pids'), 'utf8').trim().split('\n').map(Number)
    expect(pids).toHaveLength(3)
    expect(pids.filter((pid) => pid > 0 && isAlive(pid))).toEqual([])
    expect(readFileSync(path('saved'), 'utf8')).toBe('saved\n')
  })

  test('leaves none behind that it started', async () => {
    const { run, path } = await projectWith()
    const cmd = `sh -c 'trap "" TERM HUP; echo $$ > pid; exec sleep 1000' & while [ ! -s pid ]; do sleep 0.01; done`
    expect(statusesOf(await run({ one: command({ cmd }) }))).toEqual({ one: 'succeeded' })
    expect(isAlive(Number(readFileSync(path('pid'), 'utf8')))).toBe(false)
  })

  test('is not waited for once it has left the group', async () => {
    const { run, logOf, path } = await projectWith()
    const cmd = `echo first; setsid sh -c 'echo $$ > pid; exec sleep 1000' & while [ ! -s pid ]; do sleep 0.01; done`
    const record = await run({ one: command({ cmd }) })
    const pid = Number(readFileSync(path('pid'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    expect(statusesOf(record)).toEqual({ one: 'succeeded' })
    expect(await logOf(record)).toBe('first\n')
  })

  test('that prints 1 GB takes no memory, and its log no more than 100 MB', async () => {
    const { run, dir } = await projectWith()
    const before = process.resourceUsage().maxRSS
    for (const cmd of [
      `head -c 1G /dev/zero | tr '\\0' a; echo; echo 'at last' >&2; exit 1`,
      'set +o pipefail; yes | head -c 1G; echo "at last" >&2; exit 1',
    ]) {
      const record = await run({ one: command({ cmd }) })
      expect(record.steps['one']?.error?.message).toMatch(/\nat last$/)
      const log = join(dir, '.stepwell/runs', record.id, 'log/one.log')
      expect(statSync(log).size).toBeLessThan(101 * 1024 * 1024)
      expect(readFileSync(log, 'utf8').slice(-100)).toContain('the rest of this log was dropped')
    }
    const grown = (process.resourceUsage().maxRSS - before) / 1024
    expect(grown).toBeLessThan(400)
  })

  test('200 of them are never more than two at once, and leave no zombies', async () => {
    const { run, path } = await projectWith({}, { concurrency: 2 })
    const steps = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => {
        const cmd = 'echo + >> log; echo {params.index} > {outs.made}; echo - >> log'
        const outs = { made: file(`made/${index}`) }
        return [`s${index}`, command({ cmd, params: { index }, outs })]
      }),
    )
    const record = await run(steps)
    expect(new Set(Object.values(statusesOf(record)))).toEqual(new Set(['succeeded']))
    expect(readdirSync(path('made'))).toHaveLength(200)
    let now = 0
    let most = 0
    for (const sign of readFileSync(path('log'), 'utf8').trim().split('\n')) {
      now += sign === '+' ? 1 : -1
      most = Math.max(most, now)
    }
    expect(most).toBeLessThanOrEqual(2)
    const zombies = readdirSync('/proc').filter((pid) => {
      if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/stat`)) return false
      const [, state, parent] =
        /\) (\S) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
      return state === 'Z' && Number(parent) === process.pid
    })
    expect(zombies).toEqual([])
  })
})

test('outs are put into place, and a script may be one', async () => {
  const { run, path } = await projectWith()
  const make = command({
    cmd: `printf 'echo done > "$1"' > {outs.script}; mkdir {outs.all}/deep; echo x > {outs.all}/deep/y`,
    outs: { script: file('x/run.sh'), all: dirAt('x/all') },
  })
  const use = command({
    cmd: 'sh {inputs.script} {outs.made}; cat {inputs.all}/deep/y >> {outs.made}',
    inputs: { script: make.out('script'), all: make.out('all') },
    outs: { made: file('made') },
  })
  expect(statusesOf(await run({ make, use }))).toEqual({ make: 'succeeded', use: 'succeeded' })
  expect(readFileSync(path('made'), 'utf8')).toBe('done\nx\n')
  expect(statusesOf(await run({ make, use }))).toEqual({ make: 'cached', use: 'cached' })
})
