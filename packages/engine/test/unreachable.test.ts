import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dir, file, glob, pipeline, step, type DirHandle, type GlobHandle } from '../src/index.ts'
import { findFiles, matchFiles } from '../src/store/inputs/match-files.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

const FILES = { 'data/a.csv': 'a', 'data/sub/b.csv': 'b', 'data/notes.txt': 'n' }

function project(files: Record<string, string> = FILES): string {
  const made = temporaryDir()
  writeFiles(made, files)
  return made
}

const pathsIn = (handle: GlobHandle | DirHandle) =>
  handle.kind === 'glob'
    ? step({ inputs: { all: handle }, run: ({ all }) => all.map(({ path }) => path) })
    : step({ inputs: { all: handle }, run: ({ all }) => all.files.map(({ path }) => path) })

/** The paths that a step is given, or its failure. */
async function given(at: string, handle: GlobHandle | DirHandle): Promise<unknown> {
  const engine = await engineOn(at)
  const read = pathsIn(handle)
  const run = engine.run(pipeline('reading', { read }))
  const { steps } = await run.result
  return steps['read']?.error?.message ?? (await run.value(read))
}

const GLOB = glob('data/**/*.csv')
const DIR = dir('data')

describe('what is named and cannot be reached fails the step', () => {
  const LOST: Readonly<Record<string, (at: string) => { readonly named: string }>> = {
    'a link to a file that is not there': (at) => {
      symlinkSync('/mnt/none/c.csv', join(at, 'data/c.csv'))
      return { named: 'data/c.csv' }
    },
    'a link inside to nothing': (at) => {
      symlinkSync('../gone/c.csv', join(at, 'data/sub/c.csv'))
      return { named: 'data/sub/c.csv' }
    },
    'a link to a directory that is not there': (at) => {
      symlinkSync('/mnt/none/part', join(at, 'data/part'))
      return { named: 'data/part' }
    },
    'links in a circle': (at) => {
      symlinkSync('two.csv', join(at, 'data/one.csv'))
      symlinkSync('one.csv', join(at, 'data/two.csv'))
      return { named: 'data/one.csv' }
    },
    'a link to what is too long a name': (at) => {
      symlinkSync('x'.repeat(300), join(at, 'data/long.csv'))
      return { named: 'data/long.csv' }
    },
    'a link through a file': (at) => {
      symlinkSync('a.csv/inner', join(at, 'data/through.csv'))
      return { named: 'data/through.csv' }
    },
    'a link back to a directory that it is in': (at) => {
      symlinkSync('../..', join(at, 'data/sub/back'))
      return { named: 'data/sub/back' }
    },
    'a pipe': (at) => {
      execFileSync('mkfifo', [join(at, 'data/pipe.csv')])
      return { named: 'data/pipe.csv' }
    },
    'a name that is not UTF-8': (at) => {
      writeFileSync(Buffer.from(`${at}/data/caf\xe9.csv`, 'latin1'), 'x')
      return { named: String.raw`data/caf\xe9.csv` }
    },
    'a directory whose name is not UTF-8': (at) => {
      mkdirSync(Buffer.from(`${at}/data/\xff\xfe`, 'latin1'))
      return { named: String.raw`data/\xff\xfe` }
    },
    'the directory itself': (at) => {
      rmSync(join(at, 'data'), { recursive: true })
      symlinkSync('/mnt/none/data', join(at, 'data'))
      return { named: '`data`' }
    },
  }
  for (const [what, lose] of Object.entries(LOST)) {
    test(what, async () => {
      const at = project()
      const { named } = lose(at)
      for (const handle of [GLOB, DIR]) {
        const message = await given(at, handle)
        expect(String(message), handle.kind).toContain(named)
        expect(String(message), handle.kind).toMatch(/^(the )?\S* ?(file|directory)? ?`/)
      }
      const each = step.map({ over: GLOB, run: ({ item }) => item.path })
      const engine = await engineOn(at)
      const { steps, status } = await engine.run(pipeline('mapping', { each })).result
      expect([status, steps['each']?.error?.message]).toEqual([
        'failed',
        expect.stringContaining(named),
      ])
    })
  }

  test('what comes from elsewhere into the names of links is told in bytes', async () => {
    const at = project()
    symlinkSync(Buffer.from('\xe9', 'latin1'), join(at, 'data/to.csv'))
    expect(await given(at, DIR)).toContain(String.raw`\xe9`)
  })

  test('a name with the sign that stands for broken ones is a name like others', async () => {
    const at = project({ 'data/\u{FFFD}.csv': 'x' })
    for (const handle of [GLOB, DIR]) expect(await given(at, handle)).toEqual(['data/\u{FFFD}.csv'])
  })

  test('what was read before is not told as removed', async () => {
    const at = project()
    const read = pathsIn(GLOB)
    const reading = pipeline('reading', { read })
    const engine = await engineOn(at)
    await engine.run(reading).result
    rmSync(join(at, 'data/a.csv'))
    symlinkSync('/mnt/none/a.csv', join(at, 'data/a.csv'))
    const planned = await engine.plan(reading)
    expect(planned.steps[0]?.reasons).toEqual([
      { kind: 'problem', message: expect.stringContaining('`data/a.csv` is a symbolic link') },
    ])
  })
})

describe('the ways out', () => {
  test('followLinks: false leaves links out of a glob, and takes them by their text in a directory', async () => {
    const at = project({ ...FILES, 'other/d.csv': 'd' })
    symlinkSync('/mnt/none', join(at, 'data/part'))
    symlinkSync('../other/d.csv', join(at, 'data/d.csv'))
    symlinkSync('a.csv', join(at, 'data/inside.csv'))
    const unfollowed = { followLinks: false }
    expect(await given(at, glob('data/**/*.csv', unfollowed))).toEqual([
      'data/a.csv',
      'data/sub/b.csv',
    ])
    expect(await given(at, dir('data', unfollowed))).toEqual([
      'data/a.csv',
      'data/notes.txt',
      'data/sub/b.csv',
    ])
    const engine = await engineOn(at)
    const read = pipeline('reading', { read: pathsIn(dir('data', unfollowed)) })
    const status = async () => (await engine.run(read).result).steps['read']?.status
    expect(await status()).toBe('cached')
    rmSync(join(at, 'data/part'))
    symlinkSync('/mnt/other', join(at, 'data/part'))
    expect(await status()).toBe('succeeded')
  })

  test('optional: a link may lead to nothing, but what is there must be readable', async () => {
    const at = project()
    symlinkSync('/mnt/none/c.csv', join(at, 'data/c.csv'))
    const optional = glob('data/*.csv', { optional: true })
    expect(await given(at, optional)).toEqual(['data/a.csv'])
    symlinkSync('e.csv', join(at, 'data/e.csv'))
    expect(await given(at, optional)).toContain('`data/e.csv`')
  })

  test('a pattern with ! takes it out, and what no pattern leads to is not looked at', async () => {
    const at = project({ ...FILES, '.cache/x.csv': '', 'elsewhere/x': '' })
    symlinkSync('/mnt/none', join(at, 'elsewhere/part'))
    symlinkSync('/mnt/none', join(at, '.cache/part'))
    symlinkSync('/mnt/none', join(at, 'data/part'))
    symlinkSync('/mnt/none', join(at, 'data/notes.md'))
    for (const patterns of [
      ['data/*.csv'],
      ['data/{a,z}.csv', 'data/sub/*'],
      ['**/*.csv', '!{elsewhere,data}/**'],
      ['**/[ab].csv', '!**/part', '!**/notes.md'],
    ]) {
      expect(
        await given(at, glob(patterns, { optional: true })),
        patterns.join(' '),
      ).toBeInstanceOf(Array)
    }
    expect(await given(at, glob('data/*.csv'))).toEqual(['data/a.csv'])
  })

  test('an option that is none is refused', () => {
    for (const make of [glob, dir]) {
      expect(() => make('data', { followLinks: 'no' as never })).toThrow(TypeError)
    }
  })
})

describe.skipIf(process.getuid?.() !== 0)('as another user', () => {
  /** What another user finds, or the error. */
  function found(at: string, patterns: readonly string[]): unknown {
    const code = `
      import { findFiles } from ${JSON.stringify(new URL('../src/store/inputs/match-files.ts', import.meta.url).href)}
      import { readTree } from ${JSON.stringify(new URL('../src/store/objects/tree-reader.ts', import.meta.url).href)}
      const digests = { state: async () => ({ digest: '', size: 0, mode: 0 }) }
      const show = async (find) => {
        try { return await find() } catch (error) { return error.code + ' ' + error.message }
      }
      const at = ${JSON.stringify(at)}
      console.log(JSON.stringify([
        await show(async () => (await findFiles(at, ${JSON.stringify(patterns)}, { without: [] })).files),
        await show(async () => (await readTree(at, 'data', { digests, links: 'input' })).entries.length),
      ]))`
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@stepwell/source', '--input-type=module', '-e', code],
      { uid: 65_534, gid: 65_534, cwd: at, encoding: 'utf8' },
    )
    return stderr.includes('Error') ? stderr : JSON.parse(stdout)
  }

  test('a directory and a file without permission are named', () => {
    const at = project()
    chmodSync(at, 0o755)
    onTestFinished(() => chmodSync(join(at, 'data/sub'), 0o755))
    expect(found(at, ['data/**/*.csv'])).toEqual([['data/a.csv', 'data/sub/b.csv'], 3])
    chmodSync(join(at, 'data/sub'), 0o700)
    const refused = expect.stringMatching(
      /STEPWELL_INPUT_MISSING .*`data\/sub`.* cannot be read; EACCES/,
    )
    expect(found(at, ['data/**/*.csv'])).toEqual([refused, refused])
    // It may hold nothing that matches.
    expect(found(at, ['data/*.csv'])).toEqual([['data/a.csv'], refused])
    expect(found(at, ['data/**/*.csv', '!data/sub/**'])).toEqual([['data/a.csv'], refused])
    // Names can be seen, what is behind them cannot.
    chmodSync(join(at, 'data/sub'), 0o744)
    symlinkSync('sub/b.csv', join(at, 'data/to.csv'))
    const behind = expect.stringMatching(/`data\/(to.csv|sub)`.*EACCES/)
    expect(found(at, ['data/*.csv'])).toEqual([behind, behind])
  })
})

describe('names', () => {
  test('may hold newlines and other odd signs, for all patterns', async () => {
    const names = [
      'a\nb',
      'c\r',
      'd\u{2028}e',
      ' f ',
      'g"h',
      '[i]',
      'j{k}',
      '!l',
      'm\\n',
      '#o',
      '~p',
    ]
    const at = project(
      Object.fromEntries(
        names.flatMap((n) => [
          [`d/${n}`, ''],
          [`d/s${n}/x`, ''],
        ]),
      ),
    )
    const shallow = names.map((name) => `d/${name}`)
    const deep = names.map((name) => `d/s${name}/x`)
    const of = async (pattern: string) => (await matchFiles(at, [pattern], [])).toSorted()
    expect(await of('d/**')).toEqual([...shallow, ...deep].toSorted())
    expect(await of('d/*')).toEqual(shallow.toSorted())
    expect(await of('**/x')).toEqual(deep.toSorted())
    expect(await of('d/a\nb')).toEqual(['d/a\nb'])
    expect(await of('d/a?b')).toEqual(['d/a\nb'])
    expect(await of('d/{a\nb,c*}')).toEqual(['d/a\nb', 'd/c\r'])
    expect(await of(String.raw`d/\[i\]`)).toEqual(['d/[i]'])
  })

  test('are found by patterns as anywhere', async () => {
    const at = project({
      'p/a/1.csv': '',
      'p/a/b/2.csv': '',
      'p/.h/3.csv': '',
      'p/.h/.4.csv': '',
      'q/a/5.tsv': '',
      'p/node_modules/m/6.csv': '',
      'p/a/.stepwell/7.csv': '',
    })
    const inner = join(at, 'q')
    const cases: readonly (readonly [string, string[], string[]])[] = [
      [at, ['p/**/*.csv'], ['p/a/1.csv', 'p/a/b/2.csv']],
      [at, ['./p//a/*.csv'], ['p/a/1.csv']],
      [at, ['p/a/1.csv', 'p/a/none.csv'], ['p/a/1.csv']],
      [at, ['{p,q}/a/*.{csv,tsv}'], ['p/a/1.csv', 'q/a/5.tsv']],
      [at, ['p/{a/b,x}/*'], ['p/a/b/2.csv']],
      [at, ['p/.h/*.csv'], ['p/.h/3.csv']],
      [at, ['p/**/.h/.*'], ['p/.h/.4.csv']],
      [at, ['**/+(1|2).csv'], ['p/a/1.csv', 'p/a/b/2.csv']],
      [at, ['p/a/**', '!**/b/**'], ['p/a/1.csv']],
      [at, ['p'], []],
      [at, ['p/a/'], []],
      [at, [`${at}/q/**`], ['q/a/5.tsv']],
      [inner, ['../p/a/*.csv'], ['../p/a/1.csv']],
      [inner, [`${at}/p/a/b/*`], ['../p/a/b/2.csv']],
    ]
    for (const [from, patterns, expected] of cases) {
      const { files } = await findFiles(from, patterns, { without: [] })
      expect(files.toSorted(), patterns.join(' ')).toEqual(expected)
    }
    expect(await matchFiles(at, ['**/*.csv'], ['p/a'])).toEqual([])
  })
})

test('an out with a name that is not UTF-8 is refused with its bytes, and nothing is left', async () => {
  const at = temporaryDir()
  const engine = await engineOn(at)
  const bytes = (...parts: string[]) => Buffer.from(parts.join('/'), 'latin1')
  const makes: Readonly<Record<string, (out: string) => void>> = {
    file: (out) => writeFileSync(bytes(out, '\xe9'), ''),
    directory: (out) => mkdirSync(bytes(out, '\xe9')),
    link: (out) => symlinkSync('x', bytes(out, '\xe9')),
    target: (out) => symlinkSync(bytes('\xe9'), join(out, 'to')),
  }
  for (const [what, make] of Object.entries(makes)) {
    const write = step({
      outs: { all: dir('all') },
      run: (_, { outs }) => make(outs.all),
      cache: false,
    })
    const { steps } = await engine.run(pipeline('writing', { write })).result
    expect(steps['write']?.error?.message, what).toContain(String.raw`\xe9`)
    expect(readdirSync(at), what).not.toContain('all')
  }
})

test('file() says the same of a link to nothing', async () => {
  const at = project()
  symlinkSync('/mnt/none', join(at, 'one'))
  const read = step({ inputs: { one: file('one') }, run: ({ one }) => one.text() })
  const engine = await engineOn(at)
  const { steps } = await engine.run(pipeline('reading', { read })).result
  expect(steps['read']?.error?.message).toContain('`one` is a symbolic link that leads to nothing')
})
