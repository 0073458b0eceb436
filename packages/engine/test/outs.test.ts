import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  dir as dirAt,
  file,
  glob,
  pipeline,
  step,
  type RunRecord,
  type StepContext,
} from '../src/index.ts'
import { chain } from './fixtures/chain.ts'
import { list, outs, read } from './fixtures/outs.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { replace, resetHooks, takeCalls } from './support/hooks.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

afterEach(resetHooks)

const CACHED = { make: 'cached', read: 'cached', list: 'cached' }

/** A project in which the pipeline has run once. */
async function made(options: Parameters<typeof engineOn>[1] = {}) {
  const dir = temporaryDir()
  writeFiles(dir, { 'src/a.txt': 'a', 'src/b.txt': 'b' })
  const engine = await engineOn(dir, options)
  const first = await engine.run(outs).result
  expect(first.status, JSON.stringify(first.steps)).toBe('succeeded')
  takeCalls()
  const run = async (request = {}): Promise<RunRecord> => await engine.run(outs, request).result
  const reasonsOf = (record: RunRecord, name: string) =>
    record.steps[name]?.reasons.map(({ kind }) => kind)
  return { dir, engine, run, reasonsOf, first, path: (name: string) => join(dir, name) }
}

/** All below a directory, with modes and contents. */
function treeOf(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => {
        const mode = (statSync(path).mode & 0o777).toString(8)
        return [relative(dir, path), `${mode} ${readFileSync(path, 'utf8')}`]
      }),
  )
}

const OUT = {
  'table.csv': '644 a,b',
  'images/deep/0.png': '644 a',
  'images/deep/1.png': '644 b',
  'images/run.sh': '755 #!/bin/sh\n',
}

/** Where a warning says that an edit was moved to. */
function asideIn(warning: string): string {
  const aside = /moved to (.*) and replaced$/.exec(warning)?.[1]
  if (aside === undefined) throw new Error(`no place in: ${warning}`)
  return aside
}

describe('outs', () => {
  test('are put into place, given to those that read them, and in the record', async () => {
    const { engine, run, first, path } = await made()
    expect(treeOf(path('out'))).toEqual(OUT)
    expect(await engine.run(outs).value(read)).toBe('a,b')
    expect(await engine.run(outs).value(list)).toEqual([
      'out/images/deep/0.png: a',
      'out/images/deep/1.png: b',
      'out/images/run.sh: #!/bin/sh\n',
    ])
    expect(first.steps['make']?.outs).toMatchObject({
      table: { kind: 'file', path: 'out/table.csv', size: 3 },
      images: { kind: 'dir', path: 'out/images', files: 3 },
    })
    expect(statusesOf(await run())).toEqual(CACHED)
    expect(takeCalls()).toEqual([])
    expect(readdirSync(path('.stepwell/staging'))).toEqual([])
    expect(existsSync(path('.stepwell/recycle'))).toBe(false)
  })

  test('only those are rerun whose file or directory changed', async () => {
    const { dir, run, reasonsOf } = await made()
    replace('make', (_: object, context: StepContext<object>) => {
      const { table, images } = context.outs as Record<'table' | 'images', string>
      writeFileSync(table, 'a,b')
      writeFileSync(join(images, 'other.png'), 'other')
      return 2
    })
    writeFiles(dir, { 'src/c.txt': 'c' })
    const record = await run()
    expect(statusesOf(record)).toEqual({ make: 'succeeded', read: 'cached', list: 'succeeded' })
    expect(reasonsOf(record, 'list')).toEqual(['input'])
    expect(record.steps['make']?.reasons).toMatchObject([
      { kind: 'input', files: [{ path: 'src/c.txt', change: 'added' }] },
    ])
    expect(record.steps['list']?.reasons).toMatchObject([
      {
        kind: 'input',
        source: 'make:images',
        files: [
          { path: 'other.png', change: 'added' },
          { path: 'deep/0.png', change: 'removed' },
          { path: 'deep/1.png', change: 'removed' },
          { path: 'run.sh', change: 'removed' },
        ],
      },
    ])
    expect(treeOf(join(dir, 'out'))).toEqual({
      'table.csv': '644 a,b',
      'images/other.png': '644 other',
    })
  })

  test('that are gone are put back without running anything', async () => {
    const { run, reasonsOf, path } = await made()
    rmSync(path('out'), { recursive: true })
    const record = await run()
    expect(statusesOf(record)).toEqual(CACHED)
    expect(reasonsOf(record, 'make')).toEqual(['unchanged', 'restored', 'restored'])
    expect(treeOf(path('out'))).toEqual(OUT)
    expect(takeCalls()).toEqual([])
    expect(record.warnings).toEqual([])
  })

  const EDITS: Readonly<Record<string, (out: string) => void>> = {
    'a file': (out) => writeFileSync(join(out, 'table.csv'), 'mine'),
    'a file in a directory': (out) => writeFileSync(join(out, 'images/deep/0.png'), 'mine'),
    'a file added to a directory': (out) => writeFileSync(join(out, 'images/new'), 'mine'),
    'a file removed from a directory': (out) => rmSync(join(out, 'images/deep/0.png')),
    'a mode': (out) => chmodSync(join(out, 'images/run.sh'), 0o644),
    'a directory where a file was': (out) => {
      rmSync(join(out, 'table.csv'))
      writeFiles(out, { 'table.csv/inner': 'mine' })
    },
    'a file where a directory was': (out) => {
      rmSync(join(out, 'images'), { recursive: true })
      writeFileSync(join(out, 'images'), 'mine')
    },
    'a link where a file was': (out) => {
      rmSync(join(out, 'table.csv'))
      symlinkSync('images/run.sh', join(out, 'table.csv'))
    },
    'a pipe in a directory': (out) => void execFileSync('mkfifo', [join(out, 'images/pipe')]),
    'a project of its own in a directory': (out) =>
      writeFiles(out, { 'images/.stepwell/format': 'mine' }),
  }
  for (const [what, edit] of Object.entries(EDITS)) {
    test(`edited by hand (${what}) are put back, and the edit is kept aside`, async () => {
      const { run, reasonsOf, path } = await made()
      edit(path('out'))
      const planned = await run()
      expect(statusesOf(planned)).toEqual(CACHED)
      expect(reasonsOf(planned, 'make')).toContain('restored')
      expect(treeOf(path('out'))).toEqual(OUT)
      expect(takeCalls()).toEqual([])
      const [warning = ''] = planned.warnings
      const aside = asideIn(warning)
      expect(existsSync(aside) || what === 'a link where a file was').toBe(true)
      if (what === 'a file') expect(readFileSync(aside, 'utf8')).toBe('mine')
      expect(reasonsOf(await run(), 'make')).toEqual(['unchanged'])
    })
  }

  test('edited by hand are kept on request, and what reads them gets them so', async () => {
    const { engine, path, run, reasonsOf } = await made()
    writeFileSync(path('out/table.csv'), 'mine')
    const kept = engine.run(outs, { keepEdits: true })
    const record = await kept.result
    expect(statusesOf(record)).toEqual({ make: 'cached', read: 'succeeded', list: 'cached' })
    expect(await kept.value(read)).toBe('mine')
    expect(reasonsOf(record, 'make')).toEqual(['unchanged', 'kept-edit'])
    expect(record.warnings.join()).toMatch(/out\/table.csv was edited .* keeping the edit/)
    const back = await run()
    expect(statusesOf(back)).toEqual(CACHED)
    expect(readFileSync(path('out/table.csv'), 'utf8')).toBe('a,b')
  })

  test('that are directories are kept so on request, too', async () => {
    const { engine, dir, run } = await made()
    writeFiles(dir, { 'out/images/new': 'mine' })
    const kept = engine.run(outs, { keepEdits: true })
    expect(statusesOf(await kept.result)).toEqual({ ...CACHED, list: 'succeeded' })
    expect(await kept.value(list)).toContain('out/images/new: mine')
    expect(statusesOf(await run())).toEqual(CACHED)
    execFileSync('mkfifo', [join(dir, 'out/images/pipe')])
    const { steps } = await run({ keepEdits: true })
    expect(steps['make']?.error?.code).toBe('STEPWELL_INPUT_MISSING')
  })

  test('whose parent is a file fail their step, and are planned, until it is gone', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'src/a.txt': 'a', out: 'mine' })
    const engine = await engineOn(dir)
    for (const reruns of [1, 0]) {
      const { steps } = await engine.run(outs).result
      expect(steps['make']?.error?.message).toMatch(/a file is where a directory .* should be/)
      expect(takeCalls()).toHaveLength(reruns)
      expect((await engine.plan(outs)).steps[0]?.decision).toBe('cached')
    }
    rmSync(join(dir, 'out'))
    expect(statusesOf(await engine.run(outs).result)['make']).toBe('cached')
  })

  test('are put back by several runs at once, and no edit is lost', async () => {
    const { dir, engine, path } = await made()
    const engines = [engine, await engineOn(dir), await engineOn(dir), await engineOn(dir)]
    const edits = ['mine 1', 'mine 2', 'mine 3', 'mine 4']
    for (const edit of edits) {
      for (const change of ['edited', 'gone']) {
        if (change === 'gone') rmSync(path('out'), { recursive: true })
        else writeFiles(dir, { 'out/table.csv': edit, 'out/images/new': edit })
        const records = await Promise.all(engines.map((each) => each.run(outs).result))
        for (const record of records) expect(statusesOf(record)['make']).toBe('cached')
        expect(treeOf(path('out'))).toEqual(OUT)
      }
    }
    const aside = Object.entries(treeOf(path('.stepwell/recycle')))
    const kept = (name: string) => aside.flatMap(([at, text]) => (at.endsWith(name) ? [text] : []))
    for (const edit of edits) {
      for (const name of ['table.csv', 'new']) expect(kept(name)).toContain(`644 ${edit}`)
    }
  })

  test('of another run are replaced without ado', async () => {
    const { dir, run, reasonsOf, path } = await made()
    writeFiles(dir, { 'src/b.txt': 'B' })
    expect(statusesOf(await run())['make']).toBe('succeeded')
    expect(readFileSync(path('out/table.csv'), 'utf8')).toBe('a,B')
    writeFiles(dir, { 'src/b.txt': 'b' })
    const record = await run({ keepEdits: true })
    expect(statusesOf(record)).toEqual(CACHED)
    expect(reasonsOf(record, 'make')).toEqual(['unchanged', 'restored', 'restored'])
    expect(treeOf(path('out'))).toEqual(OUT)
    expect(record.warnings).toEqual([])
    expect(existsSync(path('.stepwell/recycle'))).toBe(false)
  })

  test('that were there before the first run are put aside, not lost', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'src/a.txt': 'a', 'out/table.csv': 'mine', 'out/images/mine.png': 'mine' })
    const engine = await engineOn(dir)
    const record = await engine.run(outs).result
    expect(record.status).toBe('succeeded')
    expect(record.warnings.length).toBe(2)
    const aside = record.warnings.map(asideIn)
    expect(readFileSync(aside.find((path) => path.endsWith('table.csv')) ?? '', 'utf8')).toBe(
      'mine',
    )
  })

  test('of a step that fails stay as they were, and what it wrote is put aside', async () => {
    const { dir, run, path } = await made()
    replace('make', (_: object, context: StepContext<object>) => {
      const { table } = context.outs as Record<'table', string>
      writeFileSync(table, 'half')
      throw new Error('no')
    })
    writeFiles(dir, { 'src/c.txt': 'c' })
    const record = await run()
    expect(statusesOf(record)).toEqual({ make: 'failed', read: 'skipped', list: 'skipped' })
    expect(treeOf(path('out'))).toEqual(OUT)
    const [aside = ''] = readdirSync(path('.stepwell/recycle'))
    expect(aside).toMatch(/^\d{8}T\d{6}-make-/)
    expect(Object.values(treeOf(path('.stepwell/recycle')))).toEqual(['644 half'])
  })

  test('whose stored bytes are gone are stored again from the project', async () => {
    const { run, path } = await made()
    const objects = treeOf(path('.stepwell/objects'))
    rmSync(path('.stepwell/objects'), { recursive: true })
    // Values are made again; the outs are taken from where they are.
    const record = await run()
    expect(record.status).toBe('succeeded')
    expect(treeOf(path('out'))).toEqual(OUT)
    // The order of time stamps is that of this run.
    const kept = (tree: Record<string, string>) =>
      Object.keys(tree).filter((name) => !tree[name]?.includes('stepwell attributes'))
    expect(kept(treeOf(path('.stepwell/objects'))).toSorted()).toEqual(kept(objects).toSorted())
  })

  test('are hard links on request; one that is edited in place costs a rerun', async () => {
    const { run, path } = await made({ link: 'hard' })
    expect(statSync(path('out/table.csv')).nlink).toBe(2)
    expect(statusesOf(await run())).toEqual(CACHED)
    chmodSync(path('out/table.csv'), 0o644)
    writeFileSync(path('out/table.csv'), 'edited in place')
    const record = await run()
    expect(record.status).toBe('succeeded')
    expect(readFileSync(path('out/table.csv'), 'utf8')).toBe('a,b')
    expect(takeCalls()).toEqual(['make'])
  })

  test('modes come back', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const own = step({
      outs: { tool: file('tool'), key: file('key'), plain: file('plain') },
      run: (_, { outs: paths }) => {
        writeFileSync(paths.tool, '', { mode: 0o755 })
        writeFileSync(paths.key, '', { mode: 0o600 })
        writeFileSync(paths.plain, '')
      },
    })
    const modes = pipeline('modes', { own })
    await engine.run(modes).result
    const before = treeOf(dir)
    for (const name of ['tool', 'key', 'plain']) rmSync(join(dir, name))
    expect((await engine.run(modes).result).steps['own']?.status).toBe('cached')
    for (const name of ['tool', 'key', 'plain']) expect(treeOf(dir)[name]).toBe(before[name])
  })

  test('links inside a directory come back as links; those that lead out are refused', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const own = step({
      outs: { all: dirAt('all') },
      run: (_, { outs: paths }) => {
        writeFileSync(join(paths.all, 'one'), '1')
        symlinkSync('one', join(paths.all, 'latest'))
        mkdirSync(join(paths.all, 'empty'))
      },
    })
    const inside = pipeline('inside', { own })
    expect((await engine.run(inside).result).status).toBe('succeeded')
    rmSync(join(dir, 'all'), { recursive: true })
    expect((await engine.run(inside).result).steps['own']?.status).toBe('cached')
    writeFileSync(join(dir, 'all/one'), '2')
    expect(readFileSync(join(dir, 'all/latest'), 'utf8')).toBe('2')
    expect(readdirSync(join(dir, 'all')).toSorted()).toEqual(['empty', 'latest', 'one'])

    const escaping = step({
      outs: { all: dirAt('all') },
      run: (_, { outs: paths, dir: project }) => {
        symlinkSync(join(project, 'all'), join(paths.all, 'out'))
      },
    })
    const { steps } = await engine.run(pipeline('escaping', { escaping })).result
    expect(steps['escaping']?.error?.code).toBe('STEPWELL_INPUT_TREE')
  })
})

describe('scratch', () => {
  test('is there again when the same step is run again, and goes when it succeeds', async () => {
    const { dir, run, path } = await made()
    const seen: (string | undefined)[] = []
    const attempt = (fails: boolean) => (_: object, context: StepContext<object>) => {
      const progress = join(context.scratch(), 'progress')
      seen.push(existsSync(progress) ? readFileSync(progress, 'utf8') : undefined)
      writeFileSync(progress, `${seen.length}`)
      if (fails) throw new Error('no')
      const { table } = context.outs as Record<'table', string>
      writeFileSync(table, '')
    }
    writeFiles(dir, { 'src/c.txt': 'c' })
    replace('make', attempt(true))
    await run()
    await run()
    writeFiles(dir, { 'src/c.txt': 'other' })
    await run()
    writeFiles(dir, { 'src/c.txt': 'c' })
    replace('make', attempt(false))
    expect((await run()).steps['make']?.status).toBe('succeeded')
    expect(seen).toEqual([undefined, '1', undefined, '2'])
    expect(readdirSync(path('.stepwell/scratch')).length).toBe(1)
  })
})

describe('paths are checked before anything runs', () => {
  const out = (path: string) => step({ outs: { x: file(path) }, run: () => null })
  const dirOut = (path: string) => step({ outs: { x: dirAt(path) }, run: () => null })

  async function refusal(steps: Record<string, ReturnType<typeof step>>, dir = temporaryDir()) {
    const engine = await engineOn(dir)
    const wrong = pipeline('wrong', steps)
    const planned = await engine.plan(wrong).catch((error: unknown) => error)
    await expect(engine.run(wrong).result).rejects.toEqual(planned)
    expect(existsSync(join(dir, '.stepwell'))).toBe(false)
    return planned as Record<'code' | 'message' | 'hint', string>
  }

  const outside = ['../x', '/tmp/x', '.', 'a/../..', '.stepwell/x', 'a/.stepwell', 'C:/x', './']
  for (const path of outside) {
    test(`${path} is no place for an out`, async () => {
      expect(await refusal({ a: out(path) })).toMatchObject({ code: 'STEPWELL_OUT_PATH' })
    })
  }

  test('a symbolic link that leads outside is found', async () => {
    const dir = temporaryDir()
    symlinkSync(temporaryDir(), join(dir, 'elsewhere'))
    const { code, message } = await refusal({ a: out('elsewhere/deep/x') }, dir)
    expect(code).toBe('STEPWELL_OUT_PATH')
    expect(message).toMatch(/symbolic link/)
  })

  test('a symbolic link into what Stepwell keeps is found', async () => {
    const dir = temporaryDir()
    symlinkSync('.stepwell', join(dir, 'alias'))
    const engine = await engineOn(dir)
    await engine.run(pipeline('first', { a: out('a') })).result
    await expect(engine.plan(pipeline('wrong', { a: dirOut('alias/runs') }))).rejects.toMatchObject(
      {
        code: 'STEPWELL_OUT_PATH',
      },
    )
  })

  test('each out has a path of its own, whatever the spelling', async () => {
    const dir = temporaryDir()
    mkdirSync(join(dir, 'real'))
    symlinkSync('real', join(dir, 'alias'))
    const pairs = [
      [out('a'), out('a')],
      [out('a'), out('./b/../a')],
      [out('a'), out('A')],
      [dirOut('a'), out('a/b/c')],
      [out('a/b'), dirOut('a')],
      [dirOut('a/'), dirOut('a')],
      [out('real/x'), out('alias/x')],
    ]
    for (const [one, other] of pairs) {
      if (one === undefined || other === undefined) throw new Error('a pair has two')
      const { code, message } = await refusal({ one, other }, dir)
      expect(code).toBe('STEPWELL_OUT_CLASH')
      expect(message).toMatch(/step `one`/)
      expect(message).toMatch(/step `other`/)
    }
  })

  test('what a step writes is not declared as a file of the project', async () => {
    const cases = [
      [out('a/x'), file('a/x')],
      [dirOut('a'), file('a/x')],
      [out('a/x'), dirAt('a')],
      [dirOut('a/x'), dirAt('.')],
    ] as const
    for (const [writer, input] of cases) {
      const reader = step({ inputs: { input }, run: () => null })
      const { code, message, hint } = await refusal({ writer, reader })
      expect(code).toBe('STEPWELL_OUT_CLASH')
      expect(message).toMatch(/out `x` of step `writer`.*input `input` of step `reader`/)
      expect(hint).toMatch(/step\.out/)
    }
  })

  test('neighbours with a common beginning are no clash, and globs leave outs out', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'src/a': 'a' })
    const engine = await engineOn(dir)
    const writer = step({
      outs: { x: file('src/out'), y: file('src/out.txt') },
      run: (_, { outs: paths }) => {
        writeFileSync(paths.x, 'x')
        writeFileSync(paths.y, 'y')
      },
    })
    // Nor by another path: what there is would depend on what has run.
    symlinkSync('out.txt', join(dir, 'src/link'))
    symlinkSync('../src', join(dir, 'src/src'))
    const reader = step({
      inputs: { all: glob(['src/*', 'src/src/out*']) },
      run: ({ all }) => all.map((source) => source.text()),
    })
    const both = pipeline('both', { writer, reader })
    expect((await engine.run(both).result).status).toBe('succeeded')
    const again = engine.run(both)
    expect((await again.result).steps['reader']).toMatchObject({
      status: 'cached',
      reasons: [{ kind: 'unchanged' }],
    })
    expect(await again.value(reader)).toEqual(['a'])
  })

  test('a handle to an out that is not there is refused at once', () => {
    const none = step({ run: () => null })
    // @ts-expect-error -- there is none
    expect(() => none.out('x')).toThrow(TypeError)
    // @ts-expect-error -- an out is made by file() or dir()
    expect(() => step({ outs: { x: 'a' }, run: () => null })).toThrow(TypeError)
  })
})

test('restore takes a run of the very pipeline only', async () => {
  const engine = await engineOn(temporaryDir())
  const { id } = await engine.run(outs).result
  const other = await chain('1', '1')
  await engine.run(other).result
  await expect(engine.restore(other, { run: id })).rejects.toMatchObject({
    code: 'STEPWELL_RUN_UNKNOWN',
    message: expect.stringContaining('is not one of pipeline `chain`'),
  })
})
