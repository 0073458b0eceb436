/**
 * What tables cost: ten million generated rows are collected from CSV, cleaned, split at random and
 * aggregated, by a pipeline and by the DuckDB API alone. Both are processes of their own, of which the
 * highest resident memory is told by the kernel.
 */
import { DuckDBInstance } from '@duckdb/node-api'
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const ROUNDS = 2
const ROOT = resolve(import.meta.dirname, '..')

const PIPELINE = `
import { file, pipeline, step } from '@stepwell/engine'
import { cleanTable, collectTable, openTable, splitTable } from '@stepwell/steps'

const collect = step({
  inputs: { csv: file('data/rows.csv') },
  outs: { table: file('work/rows.parquet'), rejected: file('work/rejected.parquet') },
  params: {
    missing: ['', 'NA'],
    types: { id: 'integer', amount: 'number', temp: 'number', age: 'number', grp: 'text', at: 'timestamp' },
  },
  run: collectTable,
})
const clean = step({
  inputs: { table: collect.out('table') },
  outs: { table: file('work/clean.parquet') },
  params: { operations: [{ op: 'dropMissing' }, { op: 'where', sql: 'amount > 1' }] },
  run: cleanTable,
})
const split = step({
  inputs: { table: clean.out('table') },
  outs: { train: file('work/train.parquet'), test: file('work/test.parquet') },
  params: { by: 'random', train: 0.8, seed: 7 },
  run: splitTable,
})
const total = step({
  inputs: { train: split.out('train') },
  run: async ({ train }) => {
    await using table = await openTable(train)
    const sql = 'SELECT grp, count(*) AS n, avg(amount) AS amount, max(temp) AS temp FROM data GROUP BY grp ORDER BY grp'
    return await table.query(sql)
  },
})
export default pipeline('tables', { collect, clean, split, total })
`

const [mode, place = ''] = process.argv.slice(2)
if (mode === 'duckdb') await alone(place)
else await compare(Number(mode ?? 10_000_000))

async function compare(rows: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-bench-'))
  try {
    for (const name of ['data', 'alone', 'node_modules']) mkdirSync(join(dir, name))
    symlinkSync(join(ROOT, 'packages'), join(dir, 'node_modules', '@stepwell'), 'junction')
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(dir, 'pipeline.ts'), PIPELINE)
    await generate(join(dir, 'data', 'rows.csv'), rows)
    const source = '--conditions=@stepwell/source'
    const cli = [
      source,
      join(ROOT, 'packages', 'cli', 'src', 'main.ts'),
      'run',
      '-C',
      dir,
      '--quiet',
    ]
    let [ours, theirs] = [Infinity, Infinity]
    // By turns, and the best of each: other work on the machine hits both.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of ['.stepwell', 'work'])
        rmSync(join(dir, name), { recursive: true, force: true })
      ours = Math.min(ours, await measure('the pipeline', cli))
      theirs = Math.min(
        theirs,
        await measure('DuckDB alone', [import.meta.filename, 'duckdb', dir]),
      )
    }
    await measure('the pipeline, unchanged', cli)
    say(`ratio ${(ours / theirs).toFixed(2)}`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function generate(path: string, rows: number): Promise<void> {
  const db = await (await DuckDBInstance.create()).connect()
  await db.run(`COPY (SELECT i AS id, (i * 7919 % 100003) / 100.0 AS amount, 20 + (i % 977) / 31.0 AS temp,
      CASE WHEN i % 97 = 0 THEN 'NA' ELSE CAST(i % 50 AS VARCHAR) END AS age, 'group ' || (i % 12) AS grp,
      TIMESTAMP '2020-01-01' + to_seconds(i) AS "at" FROM range(${rows}) t(i)) TO '${path}' (HEADER)`)
  db.closeSync()
}

/** The same work, as one would write it without steps. */
async function alone(dir: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' })
  const db = await instance.connect()
  const out = (name: string): string => join(dir, 'alone', `${name}.parquet`)
  const types = `{'id': 'BIGINT', 'amount': 'DOUBLE', 'temp': 'DOUBLE', 'age': 'DOUBLE', 'grp': 'VARCHAR', 'at': 'TIMESTAMP'}`
  await db.run(`COPY (SELECT * FROM read_csv('${join(dir, 'data', 'rows.csv')}', header = true,
    columns = ${types}, nullstr = ['', 'NA'])) TO '${out('rows')}'`)
  await db.run(`COPY (SELECT * FROM '${out('rows')}' WHERE id IS NOT NULL AND amount IS NOT NULL
    AND temp IS NOT NULL AND age IS NOT NULL AND grp IS NOT NULL AND "at" IS NOT NULL AND amount > 1) TO '${out('clean')}'`)
  const isTrain = 'hash(file_row_number, 7) % 10 < 8'
  const clean = `(SELECT *, file_row_number AS number FROM '${out('clean')}')`
  await db.run(
    `COPY (SELECT * EXCLUDE number FROM ${clean} WHERE ${isTrain.replace('file_row_number', 'number')}) TO '${out('train')}'`,
  )
  await db.run(
    `COPY (SELECT * EXCLUDE number FROM ${clean} WHERE NOT ${isTrain.replace('file_row_number', 'number')}) TO '${out('test')}'`,
  )
  await db.runAndReadAll(`SELECT grp, count(*) AS n, avg(amount) AS amount, max(temp) AS temp
    FROM '${out('train')}' GROUP BY grp ORDER BY grp`)
  db.closeSync()
}

/** Runs a process. @returns the seconds that it took */
async function measure(title: string, args: readonly string[]): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  let peak = 0
  const status = `/proc/${child.pid}/status`
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(status)) {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0))
    }
    await delay(20)
  }
  if (child.exitCode !== 0) throw new Error(`${title} exited with ${child.exitCode}`)
  const seconds = (performance.now() - started) / 1000
  say(
    `${title.padEnd(26)}${seconds.toFixed(2).padStart(8)} s  ${String(Math.round(peak / 1024)).padStart(6)} MB at most`,
  )
  return seconds
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
