import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { openTable, type SqlRow } from '../src/index.ts'

export interface Recording<P> extends StepContext<P> {
  readonly logged: string[]
  readonly metrics: Map<string, number>
}

/** A real context that keeps what the step reports. */
export function contextOf<P>(params: P, dir: string = tmpdir()): Recording<P> {
  const logged: string[] = []
  const metrics = new Map<string, number>()
  return {
    params,
    dir,
    outs: {},
    scratch: () => dir,
    signal: new AbortController().signal,
    log: (message) => void logged.push(message),
    metric: (name, value) => void metrics.set(name, value),
    logged,
    metrics,
  }
}

/** A file as a step receives it. */
export function fileOf(content: string | Uint8Array, path = 'data/table.csv'): FileInput {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    path,
    location: `/${path}`,
    bytes: () => bytes,
    text: () => new TextDecoder().decode(bytes),
  }
}

export function dataFile(name: string): FileInput {
  return fileOf(readFileSync(new URL(`data/${name}`, import.meta.url)), `data/${name}`)
}

/** An empty project directory that is gone after the test. */
export function projectDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-steps-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Every file below a folder with its content, and every folder, by its path in the folder. */
export function treeOf(dir: string): Record<string, string> {
  if (!existsSync(dir)) return {}
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(dir.length + 1).replaceAll('\\', '/')
    if (entry.isSymbolicLink()) return [name, `-> ${readlinkSync(path)}`]
    return [name, entry.isDirectory() ? '/' : readFileSync(path, 'utf8')]
  })
  return Object.fromEntries(entries.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)))
}

/** The StepwellError that an action throws; anything else is a failure. */
export function errorOf(action: () => unknown): StepwellError {
  try {
    action()
  } catch (error) {
    if (error instanceof StepwellError) return error
    throw error
  }
  throw new Error('expected a StepwellError, nothing was thrown')
}

export function expectClose(actual: number, expected: number, relative: number): void {
  const distance = Math.abs(actual - expected)
  if (distance <= relative * Math.max(Math.abs(expected), Number.MIN_VALUE)) return
  throw new Error(`expected ${expected}, got ${actual}: off by ${distance / Math.abs(expected)}`)
}

/** A real context for a step that leaves files: each out is a file `<name>.parquet` in a directory of its own. */
export function tableContextOf<P, O extends string>(
  params: P,
  ...outs: readonly O[]
): Recording<P> & StepContext<P, O> & { readonly out: (name: O) => FileInput } {
  const dir = projectDir()
  const paths = Object.fromEntries(outs.map((name) => [name, join(dir, `${name}.parquet`)]))
  return {
    ...contextOf(params, dir),
    outs: paths as Record<O, string>,
    out: (name) => realFile(join(dir, `${name}.parquet`), `${name}.parquet`),
  }
}

/** A file that is there, as a step receives it. */
export function realFile(location: string, path: string): FileInput {
  const bytes = (): Uint8Array => readFileSync(location)
  return { path, location, bytes, text: () => new TextDecoder().decode(bytes()) }
}

/** A file of this content, as a step receives it. */
export function written(content: string | Uint8Array, path = 'table.csv'): FileInput {
  const location = join(projectDir(), path)
  writeFileSync(location, content)
  return realFile(location, path)
}

/** One of the data sets, as a step receives it. */
export function dataSet(name: string): FileInput {
  return realFile(fileURLToPath(new URL(`data/${name}`, import.meta.url)), `data/${name}`)
}

/** All rows of a table; for small ones. */
export async function rowsOf(file: FileInput): Promise<readonly SqlRow[]> {
  await using table = await openTable(file)
  return await table.query('SELECT * FROM data')
}

/** The StepwellError that a promise is rejected with; anything else is a failure. */
export async function rejectionOf(action: Promise<unknown>): Promise<StepwellError> {
  const [settled] = await Promise.allSettled([action])
  if (settled?.status === 'fulfilled') throw new Error('expected a StepwellError, none came')
  if (settled?.reason instanceof StepwellError) return settled.reason
  throw settled?.reason
}
