import type { StepFunction } from '@stepwell/engine/author'
import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectPath } from '@stepwell/base/project-path'
import {
  deployModel,
  metricGate,
  loadModel,
  trainRegression,
  type DeployModelInputs,
  type DeployModelParams,
  type Deployment,
  type Model,
  type RegressionModel,
} from '../src/index.ts'
import { runAndKill } from './kill.ts'
import { contextOf, errorOf, projectDir, treeOf } from './support.ts'

const slope = (b: number): RegressionModel =>
  trainRegression(
    { rows: [1, 2, 3, 4].map((x) => ({ x, y: b * x + (x % 2) })) },
    contextOf({ kind: 'simple', features: ['x'], target: 'y' } as const),
  )
const A: DeployModelInputs = { model: slope(1) }
const B: DeployModelInputs = {
  model: slope(2),
  metrics: { n: 4, r2: Number.NaN, rmse: 0.4 },
  gate: metricGate({ metrics: { rmse: 0.4 } }, contextOf({ metric: 'rmse', max: 1 })),
}
const deploy = (
  dir: string,
  inputs: DeployModelInputs,
  params: DeployModelParams = {},
): Deployment => deployModel(inputs, contextOf(params, dir))
const stale = (
  dir: string,
  output: Deployment,
  params: DeployModelParams = {},
): string | undefined => deployModel.stale(output, { params, dir })
const current = (dir: string): unknown => JSON.parse(treeOf(dir)['deployed/current.json'] ?? 'null')

const leftovers = (dir: string): string[] =>
  Object.keys(treeOf(dir)).filter((name) => name.endsWith('.tmp'))

/** What must hold at every moment: whoever follows the pointer finds a whole version. */
function expectWholeCurrent(dir: string, versions: readonly Deployment[]): void {
  const pointer = current(dir) as { version: string }
  const output = versions.find(({ version }) => version === pointer.version)
  if (output === undefined) throw new Error(`unknown version ${pointer.version}`)
  expect(stale(dir, output)).toBeUndefined()
}

test('is a step function of the engine', () => {
  const step: StepFunction<DeployModelInputs, DeployModelParams, Deployment> = deployModel
  expect(step.stale).toBeTypeOf('function')
})

describe('deployModel', () => {
  test('writes a version and points at it', () => {
    const dir = projectDir()
    const output = deploy(dir, B)
    expect(output.version).toMatch(/^[0-9a-f]{12}$/)
    expect(output.path).toBe(`deployed/versions/${output.version}`)
    expect(current(dir)).toEqual({ version: output.version, previous: null })

    const files = treeOf(join(dir, output.path))
    expect(Object.keys(files)).toEqual(['manifest.json', 'metrics.json', 'model.json'])
    const model = JSON.parse(files['model.json'] ?? '') as Model
    expect(model).toEqual(B.model)
    expect(loadModel(model).predict([{ x: 9 }])).toEqual(loadModel(B.model).predict([{ x: 9 }]))
    expect(JSON.parse(files['metrics.json'] ?? '')).toEqual({ n: 4, r2: null, rmse: 0.4 })
    expect(JSON.parse(files['manifest.json'] ?? '')).toMatchObject({
      name: 'model',
      version: output.version,
      kind: 'simple',
      target: 'y',
      gate: { passed: true, metric: 'rmse', value: 0.4, max: 1 },
      contents: [{ file: 'model.json' }, { file: 'metrics.json' }],
    })
  })

  test('the version is a function of what is deployed, not of the place or the order of keys', () => {
    const turned = JSON.parse(
      JSON.stringify(
        A.model,
        Object.keys(A.model)
          .concat(Object.keys(slope(1).residuals ?? {}))
          .toReversed(),
      ),
    ) as Model
    const outputs = [
      deploy(projectDir(), A),
      deploy(projectDir(), A),
      deploy(projectDir(), { model: turned }),
    ]
    expect(new Set(outputs.map(({ version }) => version)).size).toBe(1)
    expect(deploy(projectDir(), A, { name: 'other' }).version).not.toBe(outputs[0]?.version)
    expect(deploy(projectDir(), B).version).not.toBe(outputs[0]?.version)
  })

  test('twice is the same as once', () => {
    const dir = projectDir()
    const output = deploy(dir, A)
    const tree = treeOf(dir)
    expect(deploy(dir, A)).toEqual(output)
    expect(treeOf(dir)).toEqual(tree)
  })

  test('keeps the previous version, and the way back is a deployment like any other', () => {
    const dir = projectDir()
    const first = deploy(dir, A)
    const second = deploy(dir, B)
    expect(current(dir)).toEqual({ version: second.version, previous: first.version })
    expect(readdirSync(join(dir, 'deployed/versions')).toSorted()).toEqual(
      [first.version, second.version].toSorted(),
    )
    expect(deploy(dir, A)).toEqual(first)
    expect(current(dir)).toEqual({ version: first.version, previous: second.version })
  })

  test('is stale when the effect is gone, and running again brings it back', () => {
    const dir = projectDir()
    const output = deploy(dir, B)
    const tree = treeOf(dir)
    const at = (name: string): string => join(dir, output.path, name)
    const damages: [() => void, string][] = [
      [
        () => unlinkSync(join(dir, 'deployed/current.json')),
        'current.json does not point to a version',
      ],
      [
        () => writeFileSync(join(dir, 'deployed/current.json'), '{'),
        'current.json does not point to a version',
      ],
      [() => unlinkSync(at('model.json')), 'model.json is missing or damaged'],
      [() => unlinkSync(at('metrics.json')), 'metrics.json is missing or damaged'],
      [() => unlinkSync(at('manifest.json')), 'manifest.json is missing or damaged'],
      [() => writeFileSync(at('model.json'), 'null'), 'model.json is missing or damaged'],
      [() => writeFileSync(at('model.json'), '{}'), 'not those of this version'],
      [() => writeFileSync(at('metrics.json'), '{}'), 'not those of this version'],
      [
        () => writeFileSync(at('model.json'), `${JSON.stringify(B.model)} `),
        'model.json is damaged',
      ],
      [() => writeFileSync(at('manifest.json'), '{"contents":[]}'), 'not those of this version'],
      [
        () => rmSync(join(dir, 'deployed/versions'), { recursive: true }),
        'manifest.json is missing',
      ],
    ]
    expect(stale(dir, output)).toBeUndefined()
    for (const [damage, reason] of damages) {
      damage()
      expect(stale(dir, output)).toContain(reason)
      expect(deploy(dir, B)).toEqual(output)
      expect(stale(dir, output)).toBeUndefined()
      expect(treeOf(dir)).toEqual(tree)
    }
  })

  test('is stale when another version is current', () => {
    const dir = projectDir()
    const [first, second] = [deploy(dir, A), deploy(dir, B)]
    expect(stale(dir, first)).toBe(
      `deployed/current.json points to version ${second.version}, not ${first.version}`,
    )
    expect(stale(dir, second)).toBeUndefined()
    expect(stale(dir, second, { dir: 'elsewhere' })).toContain('elsewhere/current.json')
    expect(stale(dir, second, { dir: '../elsewhere' })).toContain('outside the project')
  })

  test('killed at any moment, it leaves a whole version current, and the next run the same state', async () => {
    const expected = projectDir()
    const versions = [deploy(expected, A), deploy(expected, B)]
    const rehearsal = projectDir()
    deploy(rehearsal, A)
    const { moments } = await runAndKill('deployModel', { dir: rehearsal, inputs: B, params: {} })
    expect(treeOf(rehearsal)).toEqual(treeOf(expected))
    expect(moments).toBeGreaterThan(30)

    const after = Array.from({ length: moments }, (_, index) => ({
      dir: projectDir(),
      at: index + 1,
    }))
    await Promise.all(
      after.map(async ({ dir, at }) => {
        deploy(dir, A)
        const { signal } = await runAndKill('deployModel', { dir, inputs: B, params: {} }, at)
        expect(signal).toBe('SIGKILL')
      }),
    )
    const left = after.map(({ dir }) =>
      JSON.stringify(treeOf(dir)).replaceAll(/[0-9a-f]{8}\.tmp/g, 'tmp'),
    )
    // The kills did fall between: nothing done, a part of a folder, a part of a file, all done.
    expect(new Set(left).size).toBeGreaterThan(8)
    for (const [index, { dir }] of after.entries()) {
      expectWholeCurrent(dir, versions)
      // The next run may also be another deployment, which then is a way back.
      const back = index % 2 === 1 ? [deploy(dir, A)] : []
      expect(back.flatMap(() => leftovers(dir))).toEqual([])
      deploy(dir, B)
      expect(treeOf(dir)).toEqual(treeOf(expected))
    }
  })

  test('killed while it repairs a damaged version, it can be repaired again', async () => {
    const expected = projectDir()
    const output = deploy(expected, A)
    const damaged = (): string => {
      const dir = projectDir()
      deploy(dir, A)
      writeFileSync(join(dir, output.path, 'model.json'), 'torn')
      return dir
    }
    const dir = damaged()
    const { moments } = await runAndKill('deployModel', { dir, inputs: A, params: {} })
    expect(treeOf(dir)).toEqual(treeOf(expected))
    const dirs = Array.from({ length: moments }, damaged)
    await Promise.all(
      dirs.map((each, index) =>
        runAndKill('deployModel', { dir: each, inputs: A, params: {} }, index + 1),
      ),
    )
    for (const each of dirs) {
      deploy(each, A)
      expect(treeOf(each)).toEqual(treeOf(expected))
    }
  })

  test('several at once leave one of them current, whole, and no leftovers', async () => {
    const dir = projectDir()
    const versions = [deploy(projectDir(), A), deploy(projectDir(), B)]
    const runs = Array.from({ length: 8 }, (_, index) =>
      runAndKill('deployModel', { dir, inputs: index % 2 === 0 ? A : B, params: {} }),
    )
    await Promise.all(runs)
    expectWholeCurrent(dir, versions)
    expect(leftovers(dir)).toEqual([])
  })

  test('refuses what is no model', () => {
    const dir = projectDir()
    const error = errorOf(() => deploy(dir, { model: { kind: 'forest' } as unknown as Model }))
    expect(error.code).toBe('STEPWELL_MODEL_INVALID')
    expect(treeOf(dir)).toEqual({})
  })

  test('explains when the file system refuses', () => {
    const dir = projectDir()
    writeFileSync(join(dir, 'taken'), '')
    const error = errorOf(() => deploy(dir, A, { dir: 'taken' }))
    expect(error.code).toBe('STEPWELL_WRITE_FAILED')
    expect(error.message).toMatch(/^could not write taken; /)
    expect(error.cause).toBeInstanceOf(Error)
  })
})

describe('a path of the project', () => {
  test.each(['..', '../elsewhere', 'a/../../elsewhere', '.', '', 'a/..'])(
    'does not lead out: %j',
    (path) => {
      expect(errorOf(() => projectPath(projectDir(), path)).code).toBe('STEPWELL_PATH_OUTSIDE')
    },
  )

  test('is not absolute, even inside', () => {
    const dir = projectDir()
    const error = errorOf(() => deploy(dir, A, { dir: join(dir, 'deployed') }))
    expect(error.code).toBe('STEPWELL_PATH_OUTSIDE')
    expect(error.message).toContain('it is absolute')
  })

  test('is given with forward slashes and no detours', () => {
    expect(projectPath(projectDir(), './a//b/../c/').relative).toBe('a/c')
    expect(projectPath(projectDir(), '..a').relative).toBe('..a')
  })

  test.each(['deployed', 'deployed/versions'])('does not lead out through a link at %s', (link) => {
    const [dir, elsewhere] = [projectDir(), projectDir()]
    mkdirSync(join(dir, link, '..'), { recursive: true })
    symlinkSync(elsewhere, join(dir, link))
    const error = errorOf(() => deploy(dir, A))
    expect(error.code).toBe('STEPWELL_PATH_OUTSIDE')
    expect(error.message).toContain('a symbolic link on the way leads to')
    expect(treeOf(elsewhere)).toEqual({})
  })

  test('does not follow a link to nowhere', () => {
    const dir = projectDir()
    symlinkSync(join(dir, '..', 'not-there-at-all'), join(dir, 'deployed'))
    expect(errorOf(() => deploy(dir, A)).message).toContain('leads nowhere')
  })

  test('may go through a link that stays inside, and the project may be behind one', () => {
    const real = projectDir()
    mkdirSync(join(real, 'volume'))
    symlinkSync(join(real, 'volume'), join(real, 'deployed'))
    const linked = join(projectDir(), 'project')
    symlinkSync(real, linked)
    const output = deploy(linked, A)
    expect(output).toEqual(deploy(projectDir(), A))
    expect(treeOf(join(real, 'volume', 'versions'))).toHaveProperty(output.version)
    renameSync(join(real, 'volume'), join(real, 'gone'))
    expect(stale(linked, output)).toContain('leads nowhere')
  })
})
