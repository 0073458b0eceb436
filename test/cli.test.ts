import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ended, Project } from './rig.ts'
import { PIPELINE, words } from './words.ts'

describe('run', () => {
  test('prints plain lines in a pipe, ends with the process table, and is alike each time', async () => {
    const project = words()
    const { code, stdout, stderr } = await project.stepwell('run')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('count: started (never succeeded before)')
    expect(stdout).toMatch(/^step +action +input +output +status +time +reason$/m)
    expect(stdout).toMatch(
      /^read +read the words +file words\.txt +list of 4 +succeeded +\d+ ms +never succeeded before$/m,
    )
    expect(stdout).toMatch(/^report +inline function +count\.n +"4 words" +succeeded /m)
    expect(stdout).toMatch(/^run \d{8}-\d{6}\.\d{3}-\w+: succeeded in .*, 3 steps: 3 succeeded$/m)
    // No escape codes in a pipe.
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(stdout).not.toMatch(/\u001b/)
    const again = await project.stepwell('run')
    expect(again.stdout).toContain('3 steps: 3 cached')
  })

  test('narrows to targets, forces, and runs dry', async () => {
    const project = words()
    expect((await project.run('count')).statuses).toEqual({ read: 'succeeded', count: 'succeeded' })
    const dry = await project.stepwell('run', '--dry-run')
    expect(dry.stdout).toMatch(/^report .* will run /m)
    expect((await project.run('--force', 'read')).statuses).toEqual({ read: 'succeeded' })
    expect((await project.run('--force=all')).statuses).toEqual({
      read: 'succeeded',
      count: 'succeeded',
      report: 'succeeded',
    })
    const bare = await project.stepwell('run', '--force')
    expect(bare.code).toBe(2)
    expect(bare.stderr).toContain('--force=all')
  })

  test('says each event as a line of JSON, and keeps quiet when asked to', async () => {
    const project = words()
    const { stdout } = await project.stepwell('run', '--events')
    const types = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    expect(types[0]).toBe('run-started')
    expect(types.at(-1)).toBe('run-finished')
    expect(await project.stepwell('run', '--quiet')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })

  describe('interrupted', () => {
    const interrupt = async (first: string, ...later: string[]) => {
      const project = new Project()
      project.write(
        'pipeline.ts',
        `import { existsSync } from 'node:fs'
         import { pipeline, step } from '@stepwell/engine'
         const wait = step({ run: (_, { signal, dir }) => new Promise((end, fail) => {
           signal.addEventListener('abort', () => fail(signal.reason))
           setInterval(() => { if (existsSync(dir + '/go')) end(1) }, 10)
         }) })
         const after = step({ inputs: { wait }, run: () => 1 })
         export default pipeline('waits', { wait, after })`,
      )
      const child = project.start(['run', '--events'])
      const exit = ended(child)
      child.stdout?.on('data', (text: string) => {
        if (text.includes('step-started')) child.kill('SIGINT')
      })
      child.stderr?.on('data', (text: string) => {
        if (!text.includes(first)) return
        if (later.length > 0) child.kill('SIGINT')
        else project.write('go', '')
      })
      return { project, ...(await exit) }
    }

    test('once: what runs comes to its end, nothing new starts, and the exit code is 130', async () => {
      const { project, code } = await interrupt('running steps may finish')
      expect(code).toBe(130)
      const { stdout: runs } = await project.stepwell('runs')
      expect(runs).toMatch(/cancelled .* 1 cancelled, 1 succeeded$/m)
      expect((await project.stepwell('plan')).stdout).toMatch(/1 will run, .* 1 cached/)
    })

    test('twice: what runs is stopped, too', async () => {
      const { project, code, stdout } = await interrupt('running steps may finish', 'stopped')
      expect(code).toBe(130)
      expect(stdout).toContain('"status":"cancelled"')
      const { stdout: runs } = await project.stepwell('runs')
      expect(runs).toMatch(/cancelled .* 2 cancelled$/m)
    })
  })
})

describe('reading verbs', () => {
  test('plan tells what will run, what is cached and what depends on it', async () => {
    const project = words()
    const first = await project.stepwell('plan')
    expect(first.stdout).toMatch(/time: unknown for read, count, report\n$/)
    await project.run()
    expect((await project.stepwell('plan')).stdout).toContain(
      '0 will run, 0 depend on them, 3 cached',
    )
    project.edit('pipeline.ts', 'factor: 1', 'factor: 2')
    const { stdout } = await project.stepwell('plan')
    expect(stdout).toMatch(/^read .* cached /m)
    expect(stdout).toMatch(/^count .* will run .* params\.factor 1 -> 2$/m)
    expect(stdout).toMatch(/^report .* depends .* depends on the output of count$/m)
    expect(stdout).toMatch(/^time: (about )?\d+ m?s( to \d+ ms)? with \d+ at once\n$/m)
    const { steps } = JSON.parse((await project.stepwell('plan', '--json')).stdout) as {
      steps: { decision: string }[]
    }
    expect(steps.map(({ decision }) => decision)).toEqual(['cached', 'run', 'depends'])
    expect((await project.stepwell('plan', '--check')).code).toBe(3)
    expect((await project.stepwell('plan', 'read', '--check')).code).toBe(0)
  })

  test('explain goes back to the first cause', async () => {
    const project = words()
    await project.run()
    project.write('words.txt', 'other words')
    const { stdout } = await project.stepwell('explain', 'report')
    expect(stdout).toMatch(
      /^report .*depends\n {2}because depends on the output of count\n {2}first cause: read will run\n {4}because input `text` \(file words\.txt\) changed, [0-9a-f]{8} -> [0-9a-f]{8}\n/,
    )
  })

  test('explain names the run that made what is cached, and why it did', async () => {
    const project = words()
    const { record } = await project.run()
    await project.run()
    const { stdout } = await project.stepwell('explain', 'count')
    expect(stdout).toMatch(
      new RegExp(
        `^count .*: cached\\n {2}because unchanged since run ${record.id}\\n[^]*` +
          `^ {2}outputs made by run ${record.id} at \\S+ \\S+, in \\d+ ms\\n` +
          ' {4}because never succeeded before\\n$',
        'm',
      ),
    )
  })

  test('explain has the old and the new value of all that it names', async () => {
    const project = words()
    project.write(
      'node_modules/fake/package.json',
      '{ "name": "fake", "version": "1.0.0", "main": "index.js" }',
    )
    project.write('node_modules/fake/index.js', 'exports.times = (a, b) => a * b')
    project.edit(
      'pipeline.ts',
      'import { file,',
      "import { times } from 'fake'\nimport { env, file,",
    )
    project.edit(
      'pipeline.ts',
      'words.length * params.factor',
      'times(words.length, params.factor)',
    )
    project.edit(
      'pipeline.ts',
      '{ words: read }',
      "{ words: read, e: env('WORDS_E', { fallback: 'a' }) }, version: '1'",
    )
    await project.run()
    project.write(
      'node_modules/fake/package.json',
      '{ "name": "fake", "version": "1.1.0", "main": "index.js" }',
    )
    project.edit('pipeline.ts', "version: '1'", "version: '2'")
    project.edit('pipeline.ts', "fallback: 'a'", "fallback: 'b'")
    project.edit('pipeline.ts', 'factor: 1', 'factor: { by: 2 }')
    const { stdout } = await project.stepwell('explain', 'count')
    for (const reason of [
      'params.factor 1 -> {"by":2}',
      'env WORDS_E "a" -> "b"',
      'version "1" -> "2"',
      'package fake 1.0.0 -> 1.1.0',
    ]) {
      expect(stdout).toContain(`  because ${reason}\n`)
    }
  })

  test('explain says that outputs are missing', async () => {
    const project = words()
    const { record } = await project.run()
    const hex = record.steps['read']?.output?.digest.split(':')[1] ?? ''
    rmSync(project.path(`.stepwell/objects/${hex.slice(0, 2)}/${hex.slice(2)}`))
    expect((await project.stepwell('explain', 'read')).stdout).toContain(
      'will run\n  because its stored output is missing\n',
    )
  })

  test('explain finds the first cause in a run that is over', async () => {
    const project = words()
    await project.run()
    project.write('words.txt', 'some other words')
    const { record } = await project.run('count')
    const cause = new RegExp(
      `^( *)first cause: read in run ${record.id}\\n\\1 {2}because input \`text\` .* changed, `,
      'm',
    )
    // `report` has not seen it yet.
    const before = (await project.stepwell('explain', 'report')).stdout
    expect(before).toMatch(/^ {2}because input `n` \(count\.n\) changed, /m)
    expect(before).toMatch(cause)
    // `count` has: that is why it was executed.
    expect((await project.stepwell('explain', 'count')).stdout).toMatch(cause)
  })

  test('graph prints Mermaid and DOT', async () => {
    const project = words()
    expect((await project.stepwell('graph')).stdout).toContain('step_read --> step_count')
    const dot = await project.stepwell('graph', '--format', 'dot')
    expect(dot.stdout).toContain('"step_count" -> "step_report"')
  })

  test('runs, runs show and logs read the records', async () => {
    const project = words()
    expect((await project.stepwell('runs')).stdout).toContain('no runs yet')
    const { record } = await project.run()
    await project.run()
    const { stdout } = await project.stepwell('runs')
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(stdout).toContain('3 cached')
    const shown = await project.stepwell('runs', 'show', record.id)
    expect(shown.stdout).toMatch(/^count +words +4$/m)
    expect((await project.stepwell('runs', 'show', '--json')).stdout).toContain(
      '"status": "cached"',
    )

    const variables = await project.stepwell('runs', 'show', record.id, '--variables')
    expect(variables.stdout).toMatch(/^read +none +1 read +succeeded +[0-9a-f]{8} +list of 4$/m)
    expect(variables.stdout).toMatch(/^count\.n +none +2 count +succeeded +[0-9a-f]{8} +4$/m)

    // The latest run took `read` from the cache: its log is that of the run that executed it.
    expect((await project.stepwell('logs', 'read')).stdout).toBe('reading\n')
    expect((await project.stepwell('logs', 'nope')).code).toBe(2)
    expect((await project.stepwell('runs', 'show', 'nope')).stderr).toContain(
      'STEPWELL_RUN_UNKNOWN',
    )
  })
})

describe('bad input gets one clear message, no stack, and exit code 2', () => {
  const HEAD = "import { env, file, pipeline, step } from '@stepwell/engine'\n"
  const cases: Readonly<Record<string, [source: string, args: string[], message: RegExp]>> = {
    'a syntax error': [
      'const = 1',
      ['run'],
      /^stepwell: the pipeline file pipeline\.ts cannot be loaded; SyntaxError: .* \(STEPWELL_PIPELINE_BROKEN\)\nhint: correct it.*\n$/,
    ],
    'a throw at import': [
      "const a = 1\nthrow new Error('oops')",
      ['run'],
      /Error: oops at pipeline\.ts:2 \(STEPWELL_PIPELINE_BROKEN\)\nhint: /,
    ],
    'a missing import': ["import './nope.ts'", ['run'], /Cannot find module .*nope\.ts/],
    'no default export': [
      `${HEAD}export const a = step({ run: () => 1 })`,
      ['run'],
      /no pipeline as its default export; it has no default export/,
    ],
    'a wrong default export': ['export default 1', ['plan'], /it exports a number/],
    'a cycle': [
      `${HEAD}const inputs: any = {}
       const a = step({ inputs, run: () => 1 })
       const b = step({ inputs: { a }, run: () => 1 })
       const c = step({ inputs: { b }, run: () => 1 })
       inputs.c = c
       export default pipeline('circle', { a, b, c })`,
      ['run'],
      /feed each other in a circle; (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c) \(STEPWELL_CYCLE\)\nhint: /,
    ],
    'a name that objects own': [
      `${HEAD}export default pipeline('x', { ['constructor']: step({ run: () => 1 }) })`,
      ['run'],
      /"constructor" cannot be the name of a step/,
    ],
    'params that are no data': [
      `${HEAD}export default pipeline('x', { a: step({ params: { f: { g() {} } }, run: () => 1 }) })`,
      ['run'],
      /the params of step `a` are not plain JSON data; \.f\.g is a function/,
    ],
    'an unknown target': [
      PIPELINE,
      ['run', 'nope'],
      /has no step "nope".*\nhint: .*its steps are read, count, report/,
    ],
    'a bad flag': [PIPELINE, ['run', '--nope'], /unknown option '--nope'/],
    'a bad number of jobs': [PIPELINE, ['run', '-j', '0'], /Expected a whole number from 1 up/],
    'an unknown verb': [PIPELINE, ['rnu'], /unknown command 'rnu'/],
    'a missing pipeline file': [
      PIPELINE,
      ['run', '--pipeline', 'nope.ts'],
      /there is no file .*nope\.ts/,
    ],
    'a missing directory': [PIPELINE, ['run', '-C', 'nope'], /there is no directory .*nope/],
  }
  test.for(Object.entries(cases))('%s', async ([, [source, args, message]]) => {
    const project = new Project()
    project.write('pipeline.ts', source)
    const { code, stderr, stdout } = await project.stepwell(...args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
    expect(stdout).toBe('')
  })

  test('a directory without a pipeline', async () => {
    const { code, stderr } = await new Project().stepwell('run')
    expect(code).toBe(2)
    expect(stderr).toContain('write a pipeline.ts or a dvc.yaml there')
  })

  test('--verbose shows the stack', async () => {
    const project = new Project()
    project.write('pipeline.ts', "throw new Error('oops')")
    const { stderr } = await project.stepwell('run', '--verbose')
    expect(stderr).toMatch(/^caused by: Error: oops\n +at /m)
  })

  test('a missing input file fails its step, and says which', async () => {
    const project = words()
    project.edit('pipeline.ts', "file('words.txt')", "file('nope.txt')")
    const { code, stderr, statuses } = await project.run()
    expect(code).toBe(1)
    expect(statuses).toEqual({ read: 'failed', count: 'skipped', report: 'skipped' })
    expect(stderr).toMatch(
      /^step read failed: the input file `nope\.txt` does not exist \(STEPWELL_INPUT_MISSING\)\nhint: create it, .*\n$/,
    )
    // Its table has room for the beginning only.
    expect((await project.stepwell('runs', 'show')).stdout).toContain(stderr)
  })

  test('an output that cannot be stored fails its step, naming the path', async () => {
    const project = new Project()
    project.write(
      'pipeline.ts',
      `${HEAD}const bad = step({ run: () => ({ model: { predict: [1, () => 2] } }) })
       export default pipeline('x', { bad })`,
    )
    const { code, stderr } = await project.run()
    expect(code).toBe(1)
    expect(stderr).toContain(
      'step `bad` returned a value that cannot be stored; .model.predict[1] is a function',
    )
  })
})
