import { describe, expect, test } from 'vitest'
import { digestText } from '@stepwell/base/digest'
import type { Fingerprint } from '../src/identity/fingerprint.ts'
import type { CodeParts } from '../src/identity/code.ts'
import { compareIngredients, type Ingredients, type Reason } from '../src/identity/reason.ts'
import { describeReason } from '../src/identity/reason-text.ts'

const CODE = digestText('code')
const LOADING = digestText('loading')
const PARTS: CodeParts = { parts: { 'a.ts': digestText('a') }, packages: { fake: '1.0.0' } }

function made(
  change: Partial<Fingerprint> = {},
  sources: Record<string, string> = {},
): Ingredients {
  const fingerprint: Fingerprint = {
    format: 2,
    code: CODE,
    loading: LOADING,
    site: 'pipeline.ts#1',
    node: '24',
    version: null,
    params: { lambda: 0.1, layers: [1, 2], deep: { a: 1 } },
    inputs: {},
    outs: {},
    env: {},
    ...change,
  }
  return { fingerprint, sources }
}

/** `code`: what the digest of `after`, if it is another one, stands for. */
function compare(before: Ingredients, after: Ingredients, code: CodeParts = PARTS): Reason[] {
  return compareIngredients(before, after, { [after.fingerprint.code]: code, [CODE]: PARTS })
}

describe('compareIngredients', () => {
  test('nothing changed', () => expect(compare(made(), made())).toEqual([]))

  test('params: by path, with both values', () => {
    const after = made({ params: { lambda: 0.2, layers: [1, 3], deep: { b: 1 }, constructor: 1 } })
    expect(compare(made(), after)).toEqual([
      { kind: 'param', path: 'constructor', before: undefined, after: 1 },
      { kind: 'param', path: 'deep.a', before: 1, after: undefined },
      { kind: 'param', path: 'deep.b', before: undefined, after: 1 },
      { kind: 'param', path: 'lambda', before: 0.1, after: 0.2 },
      { kind: 'param', path: 'layers', before: [1, 2], after: [1, 3] },
    ])
  })

  test('params: the order of keys is no change', () => {
    const after = made({ params: { deep: { a: 1 }, layers: [1, 2], lambda: 0.1 } })
    expect(compare(made(), after)).toEqual([])
  })

  test('inputs: changed, added, removed', () => {
    const value = (text: string) => ({ kind: 'value', digest: digestText(text) }) as const
    const before = made(
      { inputs: { rows: value('1'), old: value('1') } },
      { rows: 'clean', old: 'x' },
    )
    const after = made(
      { inputs: { rows: value('2'), more: value('1') } },
      { rows: 'clean', more: 'split.train' },
    )
    expect(compare(before, after)).toEqual([
      {
        kind: 'input',
        name: 'more',
        source: 'split.train',
        change: 'added',
        after: digestText('1'),
      },
      { kind: 'input', name: 'old', source: 'x', change: 'removed', before: digestText('1') },
      {
        kind: 'input',
        name: 'rows',
        source: 'clean',
        change: 'changed',
        before: digestText('1'),
        after: digestText('2'),
      },
    ])
  })

  test('inputs: variables with their values', () => {
    const env = (value: string) => ({ kind: 'env', name: 'REGION', value }) as const
    const [one, two] = [made({ inputs: { r: env('a') } }), made({ inputs: { r: env('b') } })]
    expect(compare(one, two)).toEqual([{ kind: 'env', name: 'REGION', before: 'a', after: 'b' }])
    expect(compare(made(), two)).toEqual([
      { kind: 'env', name: 'REGION', before: undefined, after: 'b' },
    ])
  })

  test('inputs: a variable that became a file is an input that changed', () => {
    const before = made({ inputs: { r: { kind: 'env', name: 'R', value: 'a' } } }, { r: 'env R' })
    const file = { kind: 'file', path: 'r.txt', digest: digestText('a'), mode: 0o644 } as const
    const after = made({ inputs: { r: file } }, { r: 'file r.txt' })
    expect(compare(before, after)).toEqual([
      { kind: 'input', name: 'r', source: 'file r.txt', change: 'changed', after: digestText('a') },
    ])
  })

  test('outs: declared elsewhere, or newly', () => {
    const before = made({ outs: { a: { kind: 'file', path: 'a' }, b: { kind: 'dir', path: 'b' } } })
    const after = made({ outs: { a: { kind: 'file', path: 'c' } } })
    expect(compare(before, after)).toEqual([
      { kind: 'out-path', name: 'a', change: 'changed' },
      { kind: 'out-path', name: 'b', change: 'removed' },
    ])
  })

  test('variables that the code names, without their values', () => {
    const after = made({ env: { TZ: digestText('UTC') } })
    expect(compare(made({ env: { TZ: null } }), after)).toEqual([{ kind: 'code-env', name: 'TZ' }])
  })

  test('version, format of keys and Node', () => {
    expect(compare(made(), made({ version: '2', format: 9, node: '26' }))).toEqual([
      { kind: 'version', before: null, after: '2' },
      { kind: 'format', before: 2, after: 9 },
      { kind: 'node', before: '24', after: '26' },
    ])
  })

  test('code: files and packages by name', () => {
    const code = {
      parts: { 'a.ts': digestText('b'), 'b.ts': digestText('b') },
      packages: { fake: '2.0.0', other: '1.0.0' },
    }
    expect(compare(made(), made({ code: digestText('new') }), code)).toEqual([
      { kind: 'code', part: 'a.ts', change: 'changed' },
      { kind: 'code', part: 'b.ts', change: 'added' },
      { kind: 'package', name: 'fake', before: '1.0.0', after: '2.0.0' },
      { kind: 'package', name: 'other', before: undefined, after: '1.0.0' },
    ])
  })

  test('code of which the parts are not known any more', () => {
    const before = made({ code: digestText('forgotten') })
    expect(compare(before, made())).toEqual([{ kind: 'code', part: 'its code', change: 'changed' }])
  })

  test('a step that moved: only when no changed file says so', () => {
    const moved = made({ site: 'pipeline.ts#2' })
    expect(compare(made(), moved)).toEqual([
      { kind: 'site', before: 'pipeline.ts#1', after: 'pipeline.ts#2' },
    ])
    const edited = made({ site: 'pipeline.ts#2', code: digestText('new') })
    const kinds = compare(made(), edited, { ...PARTS, parts: {} }).map(({ kind }) => kind)
    expect(kinds).toEqual(['code'])
  })

  test('a change of the code’s environment alone still has a reason', () => {
    const after = made({ env: { TZ: digestText('UTC') } })
    expect(compare(made({ env: { TZ: null } }), after)).toEqual([{ kind: 'code-env', name: 'TZ' }])
  })
})

const EACH: { readonly [K in Reason['kind']]: [Extract<Reason, { kind: K }>, string] } = {
  unchanged: [{ kind: 'unchanged', run: 'r1', at: 0 }, 'unchanged since run r1'],
  accepted: [
    { kind: 'accepted', because: 'renamed', by: 'a@b', at: 0, run: 'r1' },
    'accepted: because "renamed" (a@b, 1970-01-01), first made by run r1',
  ],
  adopted: [{ kind: 'adopted', because: 'it is' }, 'taken as it is: it is'],
  new: [{ kind: 'new' }, 'never succeeded before'],
  lost: [{ kind: 'lost' }, 'its outputs are not in the cache'],
  forced: [{ kind: 'forced' }, 'forced'],
  condition: [{ kind: 'condition' }, 'its condition does not hold'],
  uncacheable: [{ kind: 'uncacheable', why: 'it is so' }, 'never cached: it is so'],
  problem: [{ kind: 'problem', message: 'no file' }, 'no file'],
  param: [{ kind: 'param', path: 'lambda', before: 0.1, after: 0.2 }, 'params.lambda 0.1 -> 0.2'],
  input: [
    { kind: 'input', name: 'rows', source: 'clean', change: 'changed' },
    'input `rows` (clean) changed',
  ],
  env: [{ kind: 'env', name: 'A', before: undefined, after: 'x' }, 'env A unset -> "x"'],
  'code-env': [
    { kind: 'code-env', name: 'A' },
    'the environment variable A, which its code reads, changed',
  ],
  code: [{ kind: 'code', part: 'a.ts', change: 'added' }, 'code: a.ts is newly reached'],
  pin: [{ kind: 'pin', before: null, after: 'v2' }, 'code: pinned at v2, before tracked'],
  command: [
    { kind: 'command', part: 'cmd', before: 'python a.py', after: 'python b.py' },
    'the command changed: "python a.py" -> "python b.py"',
  ],
  'depends-on': [
    { kind: 'depends-on', source: 'file a.py', change: 'changed' },
    '`dependsOn` file a.py changed',
  ],
  package: [{ kind: 'package', name: 'p', before: '1', after: undefined }, 'package p 1 -> none'],
  site: [{ kind: 'site', before: 'a', after: 'b' }, 'it is now made at b, before at a'],
  format: [
    { kind: 'format', before: 2, after: 3 },
    'the format of keys 2 -> 3, of another version of Stepwell',
  ],
  node: [{ kind: 'node', before: '22', after: '24' }, 'Node 22 -> 24'],
  version: [{ kind: 'version', before: null, after: '2' }, 'version null -> "2"'],
  artifact: [
    { kind: 'artifact', problem: 'damaged', output: 'output.model' },
    'its stored output.model is damaged',
  ],
  'out-path': [
    { kind: 'out-path', name: 'model', change: 'changed' },
    'its out `model` was changed',
  ],
  restored: [
    { kind: 'restored', path: 'out/a', problem: 'missing' },
    'out/a was missing: it is put back',
  ],
  'kept-edit': [{ kind: 'kept-edit', path: 'out/a' }, 'out/a was edited, and the edit is kept'],
  touched: [
    { kind: 'touched', source: 'file a.csv', run: 'r1' },
    'file a.csv was touched while run r1 used it: what that made is not in the cache',
  ],
  effect: [{ kind: 'effect', why: 'the model is not deployed' }, 'the model is not deployed'],
  upstream: [{ kind: 'upstream', steps: ['a', 'b'] }, 'depends on the output of a, b'],
  blocked: [{ kind: 'blocked', by: ['a', 'b'] }, 'blocked by a, b'],
  service: [{ kind: 'service', state: 'needed', by: 'smoke' }, 'needed by smoke'],
  stopped: [{ kind: 'stopped', by: 'a' }, 'not started after a failed'],
}

describe('describeReason', () => {
  for (const [kind, [reason, text]] of Object.entries(EACH)) {
    test(`${kind} reads as a clause`, () => {
      expect(describeReason(reason)).toBe(text)
      expect(text).not.toMatch(/[.\n]$|undefined|\[object/)
    })
  }
  test('the files of a directory that changed, the first few by name', () => {
    const change = {
      kind: 'input',
      name: 'images',
      source: 'dir images',
      change: 'changed',
    } as const
    const files = ['a', 'b', 'c', 'd'].map((path) => ({ path, change: 'added' as const }))
    expect(describeReason({ ...change, files: files.slice(0, 1) })).toBe(
      'input `images` (dir images) changed: a added',
    )
    expect(describeReason({ ...change, files, moreFiles: 7 })).toBe(
      'input `images` (dir images) changed: a added, b added, c added, and 8 more',
    )
  })
  test('what was put back, and where the edit is now', () => {
    const reason = { kind: 'restored', path: 'out/a', problem: 'edited' } as const
    expect(describeReason(reason)).toBe('out/a was edited: it is put back')
    expect(describeReason({ ...reason, aside: '.stepwell/recycle/x/a' })).toBe(
      'out/a was edited: it is put back; what was there is now .stepwell/recycle/x/a',
    )
    expect(describeReason({ ...reason, problem: 'replaced' })).toBe(
      'out/a was of another run: it is put back',
    )
  })
  test('a long value is cut', () => {
    const reason = { kind: 'param', path: 'x', before: 'y'.repeat(500), after: null } as const
    expect(describeReason(reason).length).toBeLessThan(100)
  })
  test('of long lists, what went and what came', () => {
    const all = ['season', 'month', 'hour', 'holiday', 'weekday', 'workingday', 'weather', 'temp']
    const param = { kind: 'param', path: 'x', before: all } as const
    const other = [...all.slice(0, -1), 'atemp']
    expect(describeReason({ ...param, after: other })).toBe('params.x -"temp" +"atemp"')
    expect(describeReason({ ...param, after: all.slice(1) })).toBe('params.x -"season"')
    expect(describeReason({ ...param, after: [...all, 'temp'] })).toBe('params.x +"temp"')
    // Another order only: where it begins.
    const turned = [...all.slice(0, -2), 'temp', 'weather']
    expect(describeReason({ ...param, after: turned })).toBe(
      'params.x …orkingday","weather","temp"] -> …orkingday","temp","weather"]',
    )
  })
  test('of long texts, where they differ', () => {
    const param = { kind: 'param', path: 'x', before: `${'y'.repeat(500)}1` } as const
    expect(describeReason({ ...param, after: `${'y'.repeat(500)}2` })).toBe(
      'params.x …yyyyyyyyyyyy1" -> …yyyyyyyyyyyy2"',
    )
  })
  test('a param that is added reads well', () => {
    const reason = { kind: 'param', path: 'x', before: undefined, after: true } as const
    expect(describeReason(reason)).toBe('params.x unset -> true')
  })
})
