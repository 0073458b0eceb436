import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { registerVersion, type Release } from '../src/index.ts'

/** An empty folder that is gone after the test. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-registry-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function releaseOf(slope: number, name = 'line'): Release {
  return {
    name,
    model: { kind: 'simple', slope },
    schema: {
      inputs: [{ name: 'x', type: 'number' }],
      output: { name: 'y', type: 'number' },
    },
    metrics: { r2: 0.5, bad: Number.NaN },
  }
}

export function register(dir: string, slope: number): string {
  return registerVersion(dir, releaseOf(slope), 'test')
}

/** The names of what killed writers have left behind. */
export function leftovers(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.tmp'),
  )
}
