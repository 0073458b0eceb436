import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  command,
  dir,
  file,
  fileOrDir,
  glob,
  pipeline,
  step,
  type Engine,
  type Pipeline,
  type RunRecord,
} from '../src/index.ts'
import { engineOn, eventsOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

/** What happens while a step runs: a script, once. */
interface Meanwhile {
  readonly script: string
}

type Params = Meanwhile & { readonly project: string }

function happen({ script }: Meanwhile, project: string): void {
  if (!existsSync(script)) return
  execFileSync('sh', ['-e', script], { cwd: project })
  rmSync(script)
}

const FILES = {
  'data/a.csv': 'a',
  'data/sub/b.csv': 'b',
  'other/a.csv': 'B',
  'script.sh': 'cat data/a.csv > "$1"',
}

async function setUp(files: Record<string, string> = FILES) {
  const project = temporaryDir()
  writeFiles(project, files)
  const script = join(temporaryDir(), 'script')
  const meanwhile = (text: string) => writeFileSync(script, text)
  return { project, params: { project, script }, meanwhile, engine: await engineOn(project) }
}

async function outcome(engine: Engine, of: Pipeline, name = 'use') {
  const run = engine.run(of)
  const events = await eventsOf(run)
  const { steps }: RunRecord = await run.result
  const { status, reasons = [], error } = steps[name] ?? {}
  return {
    status: error?.code ?? status,
    kinds: reasons.map(({ kind }) => kind),
    warnings: events.flatMap((event) =>
      event.type === 'warning' && event.message.includes('touched') ? [event.message] : [],
    ),
  }
}

const TOUCHED = { status: 'succeeded', kinds: expect.arrayContaining(['touched']) }

/** What is changed, and changed back. */
const CHANGES: Readonly<Record<string, string>> = {
  'written and written back': 'echo B > data/a.csv; printf a > data/a.csv',
  'another one put in its place, and itself put back':
    'mv data/a.csv kept; cp other/a.csv data/a.csv; mv kept data/a.csv',
  'written, and put back with its time':
    'cp -p data/a.csv kept; echo B > data/a.csv; cp -p kept data/a.csv',
  'removed and made again': 'rm data/a.csv; printf a > data/a.csv',
  'its directory moved away, and back': 'mv data kept; mv other data; mv data other; mv kept data',
  touched: 'touch data/a.csv',
}

/** What happens beside an input, or to it, without a change. */
const NOTHING: Readonly<Record<string, string>> = {
  'it is read': 'cat data/a.csv data/sub/b.csv; ls -lR .',
  'a hard link to it comes': 'ln data/a.csv linked',
  'a file comes elsewhere, and goes': 'touch other/new; rm other/new; mkdir new; rmdir new',
}

/** Names of kinds of inputs, with the file at data/a.csv among them. */
const INPUTS = {
  file: file('data/a.csv'),
  any: fileOrDir('data'),
  dir: dir('data'),
  'unfollowed dir': dir('data', { followLinks: false }),
  glob: glob('data/**/*.csv'),
  'glob of names': glob(['data/a.csv', 'data/sub/b.csv']),
}

/** A step, `use`, during which the script of its params runs. */
function pipelineOn(input: (typeof INPUTS)[keyof typeof INPUTS], params: Params): Pipeline {
  const use = step({
    inputs: { input },
    params,
    run: (_, context) => happen(context.params, context.params.project),
  })
  return pipeline('using', { use })
}

// Of the others, the first of each kind will do.
const MAIN = new Set(['file', 'dir', 'glob'])

for (const [kind, input] of Object.entries(INPUTS)) {
  const all = MAIN.has(kind) ? Infinity : 1
  describe(kind, () => {
    for (const [what, script] of Object.entries(CHANGES).slice(0, all)) {
      test(`${what}: it is not kept, and that is said`, async () => {
        const { engine, params, meanwhile } = await setUp()
        const using = pipelineOn(input, params)
        meanwhile(script)
        const first = await outcome(engine, using)
        expect(first).toMatchObject({ ...TOUCHED, kinds: ['new', 'touched'] })
        expect(first.warnings).toEqual([expect.stringContaining('while step `use` was using it')])
        const planned = await engine.plan(using)
        expect(planned.steps[0]).toMatchObject({ decision: 'run', reasons: [{ kind: 'touched' }] })
        expect(await outcome(engine, using)).toMatchObject({
          status: 'succeeded',
          kinds: ['touched'],
          warnings: [],
        })
        expect((await outcome(engine, using)).status).toBe('cached')
      })
    }

    for (const [what, script] of Object.entries(NOTHING).slice(0, all)) {
      test(`${what}: it is kept`, async () => {
        const { engine, params, meanwhile } = await setUp()
        const using = pipelineOn(input, params)
        meanwhile(script)
        expect(await outcome(engine, using)).toEqual({
          status: 'succeeded',
          kinds: ['new'],
          warnings: [],
        })
        expect((await outcome(engine, using)).status).toBe('cached')
      })
    }
  })
}

test('what it depends on besides counts like an input', async () => {
  const { engine, params, meanwhile } = await setUp()
  const use = step({
    dependsOn: [file('script.sh'), glob('data/**/*.csv'), dir('other')],
    params,
    run: (_, context) => happen(context.params, context.params.project),
  })
  for (const path of ['script.sh', 'data/sub/b.csv', 'other/a.csv']) {
    meanwhile(`touch ${path}`)
    expect(await outcome(engine, pipeline('using', { use })), path).toMatchObject(TOUCHED)
  }
  expect((await outcome(engine, pipeline('using', { use }))).status).toBe('succeeded')
  expect((await outcome(engine, pipeline('using', { use }))).status).toBe('cached')
})

describe('files that come and go', () => {
  const CASES: readonly (readonly [
    what: string,
    input: keyof typeof INPUTS,
    script: string,
    isTouched: boolean,
  ])[] = [
    ['one that matches comes and goes', 'glob', 'echo B > data/n.csv; rm data/n.csv', true],
    ['one that matches comes', 'glob', 'echo B > data/n.csv', true],
    [
      'one that matches comes in a new directory',
      'glob',
      'mkdir data/n; echo B > data/n/n.csv',
      true,
    ],
    ['one that does not match comes', 'glob', 'echo B > data/n.txt', false],
    [
      'a file beside is written as editors do',
      'glob',
      'echo B > data/.n; mv data/.n data/notes',
      false,
    ],
    ['a file comes and goes where nothing matches', 'glob', 'touch n.csv; rm n.csv', false],
    [
      'a file comes and goes that no pattern names',
      'glob of names',
      'touch data/n; rm data/n',
      false,
    ],
    ['any file comes and goes', 'dir', 'touch data/n; rm data/n', true],
    ['any directory comes and goes', 'dir', 'mkdir data/sub/n; rmdir data/sub/n', true],
    ['any file comes and goes beside one', 'file', 'touch data/n; rm data/n', false],
  ]
  for (const [what, kind, script, isTouched] of CASES) {
    test(`${kind}: ${what}`, async () => {
      const { engine, params, meanwhile } = await setUp({ ...FILES, 'data/notes': 'n' })
      const input = INPUTS[kind]
      const use = step({
        inputs: { input },
        params,
        run: (_, context) => happen(context.params, context.params.project),
      })
      meanwhile(script)
      const { status, kinds } = await outcome(engine, pipeline('using', { use }))
      expect([status, kinds.includes('touched')]).toEqual(['succeeded', isTouched])
    })
  }
})

test('a link that leads elsewhere for a while is seen, wherever it is on the way', async () => {
  const { engine, params, meanwhile, project } = await setUp()
  symlinkSync('data', join(project, 'current'))
  symlinkSync('../data/a.csv', join(project, 'other/link.csv'))
  const inputs = [
    file('current/a.csv'),
    dir('current'),
    glob('current/**'),
    file('other/link.csv'),
    dir('other'),
    glob('other/*'),
  ]
  for (const [nth, input] of inputs.entries()) {
    const use = step({
      inputs: { input },
      params: { ...params, nth },
      run: (_, context) => happen(context.params, context.params.project),
    })
    const link = nth < 3 ? 'current' : 'other/link.csv'
    meanwhile(`to=$(readlink ${link}); ln -sfn nowhere ${link}; ln -sfn "$to" ${link}`)
    expect(await outcome(engine, pipeline('using', { use })), String(nth)).toMatchObject(TOUCHED)
  }
})

test('scripts that a command names, and what it reads, are seen', async () => {
  const { engine, meanwhile, params } = await setUp()
  for (const change of [
    'echo "#" >> script.sh; printf %s "$text" > script.sh',
    'touch data/a.csv',
  ]) {
    const use = command({
      cmd: [
        'sh',
        '-c',
        `if [ -f ${params.script} ]; then sh -e ${params.script}; rm ${params.script}; fi; sh script.sh {outs.o}`,
      ],
      inputs: { a: file('data/a.csv') },
      dependsOn: [file('script.sh')],
      outs: { o: file('out/o') },
      version: change,
    })
    meanwhile(`text=$(cat script.sh)\n${change}`)
    expect(await outcome(engine, pipeline('using', { use })), change).toMatchObject(TOUCHED)
    expect(readFileSync(join(params.project, 'out/o'), 'utf8')).toBe('a')
    expect(await outcome(engine, pipeline('using', { use })), change).toMatchObject({
      status: 'succeeded',
    })
    expect(await outcome(engine, pipeline('using', { use })), change).toMatchObject({
      status: 'cached',
    })
  }
})

describe('what a step before left', () => {
  const make = step({
    outs: { one: file('out/one'), all: dir('out/all') },
    run: (_, { outs }) => {
      writeFileSync(outs.one, '1')
      writeFileSync(join(outs.all, 'x'), 'x')
    },
  })
  for (const [what, input, path] of [
    ['file', make.out('one'), 'out/one'],
    ['directory', make.out('all'), 'out/all/x'],
  ] as const) {
    test(`a ${what} that is changed and changed back is seen`, async () => {
      const { engine, params, meanwhile } = await setUp()
      const use = step({
        inputs: { input },
        params,
        run: (_, context) => happen(context.params, context.params.project),
      })
      const using = pipeline('using', { make, use })
      meanwhile(`cp ${path} kept; echo B > ${path}; cat kept > ${path}`)
      expect(await outcome(engine, using)).toMatchObject(TOUCHED)
      expect((await outcome(engine, using)).status).toBe('succeeded')
      expect((await outcome(engine, using)).status).toBe('cached')
    })
  }

  test('what runs put into place meanwhile is no reason for doubt', async () => {
    for (const link of ['copy', 'hard'] as const) {
      const project = temporaryDir()
      writeFiles(project, FILES)
      const engine = await engineOn(project, { link, concurrency: 4 })
      const first = step({
        outs: { one: file('data/one.csv'), same: file('same') },
        run: (_, { outs }) => {
          writeFileSync(outs.one, 'one')
          writeFileSync(outs.same, 'same')
        },
      })
      const again = step({
        outs: { two: file('data/two.csv'), same: file('made/same') },
        run: (_, { outs }) => {
          writeFileSync(outs.two, 'two')
          writeFileSync(outs.same, 'same')
        },
      })
      // It ends after the others have put theirs into place.
      const use = step({
        inputs: { all: glob('**/*.csv'), same: first.out('same') },
        params: { project },
        run: async (_, { params }) => {
          while (!existsSync(join(params.project, 'made/same'))) await new Promise(setImmediate)
        },
      })
      const using = pipeline('using', { first, again, use })
      for (const expected of ['succeeded', 'cached']) {
        expect(await outcome(engine, using), link).toMatchObject({ status: expected, warnings: [] })
      }
    }
  })
})

describe('items', () => {
  const items = (params: Meanwhile & { readonly project: string }) =>
    step.map({
      over: glob('data/**/*.csv'),
      inputs: { other: file('other/a.csv') },
      params,
      batch: 1,
      run: ({ item }, context) => {
        if (item.path === 'data/a.csv') happen(context.params, context.params.project)
        return item.text()
      },
    })

  for (const [what, script, kept] of [
    ['of which one is touched are done again alone', 'touch data/a.csv', 1],
    ['of which another one is touched are kept', 'touch data/sub/b.csv', 2],
    ['whose other input is touched', 'touch other/a.csv', 1],
    ['beside which one comes', 'echo n > data/n.csv; rm data/n.csv', 2],
  ] as const) {
    test(what, async () => {
      const { params, meanwhile, project } = await setUp()
      const engine = await engineOn(project, { concurrency: 1 })
      const use = items(params)
      const using = pipeline('using', { use })
      meanwhile(script)
      const first = await outcome(engine, using)
      expect(first.kinds.includes('touched')).toBe(kept === 1)
      const { steps } = await engine.run(using, { force: [] }).result
      expect(steps['use']?.items ?? { cached: 2 }).toMatchObject({ cached: kept })
      expect((await outcome(engine, using)).status).toBe('cached')
    })
  }
})

test('links to a stored file that come and go are no change', async () => {
  const { engine, params, meanwhile, project } = await setUp()
  linkSync(join(project, 'data/a.csv'), join(project, 'twin'))
  const use = step({
    inputs: { a: file('data/a.csv') },
    params,
    run: (_, context) => happen(context.params, context.params.project),
  })
  meanwhile('rm twin')
  expect(await outcome(engine, pipeline('using', { use }))).toMatchObject({ kinds: ['new'] })
})
