import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface RunRecord {
  readonly steps: Readonly<Record<string, { readonly status: string }>>
}

test('all stages and steps run, and do nothing the second time', () => {
  const dir = mkdtempSync(join(tmpdir(), 'houses-'))
  for (const name of ['data', 'dvc.yaml', 'params.yaml', 'pipeline.ts', 'package.json'])
    cpSync(name, join(dir, name), { recursive: true })
  const engine = createRequire(import.meta.url).resolve('@stepwell/engine/package.json')
  symlinkSync(join(engine, '../../..'), join(dir, 'node_modules'))
  const run = () => {
    const { stdout } = spawnSync('npx', ['stepwell', 'run', '--json'], {
      cwd: dir,
      encoding: 'utf8',
    })
    const { steps } = JSON.parse(stdout) as RunRecord
    return Object.fromEntries(Object.entries(steps).map(([name, { status }]) => [name, status]))
  }
  try {
    expect(run()).toEqual({
      'dvc.clean': 'succeeded',
      'dvc.largest': 'succeeded',
      report: 'succeeded',
    })
    expect(run()).toEqual({ 'dvc.clean': 'cached', 'dvc.largest': 'cached', report: 'cached' })
  } finally {
    rmSync(dir, { recursive: true })
  }
})
