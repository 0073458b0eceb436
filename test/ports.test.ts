import { expect, test } from 'vitest'
import { Project } from './rig.ts'

// A store and an executor written outside of the repository: they import the packages alone.
const STORE = `
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { copyFile, constants, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactState, ArtifactStore, Digest, StoredArtifact } from '@stepwell/engine'
import { digestBytes, StepwellError } from '@stepwell/engine/testing'

/** A file for each artifact, all in one folder. */
export class FolderStore implements ArtifactStore {
  readonly #dir: string

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true })
    this.#dir = dir
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestBytes(bytes)
    const temporary = join(this.#dir, '.' + createHash('sha256').update(digest).digest('hex') + Math.random())
    writeFileSync(temporary, bytes)
    renameSync(temporary, this.#path(digest))
    return digest
  }

  async putFiles(paths: readonly string[]): Promise<Digest[]> {
    return await Promise.all(paths.map(async (path) => await this.put(await readFile(path))))
  }

  async check(digest: Digest): Promise<ArtifactState> {
    const found = statSync(this.#path(digest), { throwIfNoEntry: false })
    if (found === undefined) return 'missing'
    return digestBytes(readFileSync(this.#path(digest))) === digest ? 'present' : 'damaged'
  }

  async get(digest: Digest): Promise<Uint8Array> {
    if ((await this.check(digest)) !== 'present') {
      throw new StepwellError({ code: 'STEPWELL_ARTIFACT', summary: 'it is not here', details: digest })
    }
    return readFileSync(this.#path(digest))
  }

  async copyTo(digest: Digest, path: string): Promise<void> {
    await this.get(digest)
    await copyFile(this.#path(digest), path, constants.COPYFILE_EXCL)
  }

  async *list(): AsyncGenerator<StoredArtifact, void, undefined> {
    for (const name of readdirSync(this.#dir)) {
      if (name.startsWith('.')) continue
      const digest = decodeURIComponent(name) as Digest
      yield { digest, size: statSync(this.#path(digest)).size }
    }
  }

  async remove(digest: Digest, to?: string): Promise<void> {
    if (to !== undefined) await this.copyTo(digest, to)
    rmSync(this.#path(digest), { force: true })
  }

  #path(digest: Digest): string {
    return join(this.#dir, encodeURIComponent(digest))
  }
}
`
const EXECUTOR = `
import type { Executor, ExecutorPlace, Job, JobEvents, JobResult, Pipeline } from '@stepwell/engine'
import { InlineExecutor } from '@stepwell/engine/testing'

/** Sends jobs and results as text, as to another machine. */
export class TextExecutor implements Executor {
  readonly #there: InlineExecutor
  jobs = 0

  constructor({ steps }: Pick<Pipeline, 'steps'>, place: ExecutorPlace) {
    this.#there = new InlineExecutor({ steps, ...place })
  }

  async execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult> {
    this.jobs++
    const sent = JSON.parse(JSON.stringify(job)) as Job
    return JSON.parse(JSON.stringify(await this.#there.execute(sent, events, signal))) as JobResult
  }
}
`
const MADE = `
import { pipeline, step } from '@stepwell/engine'

const one = step({ run: () => [1, 2] })
const two = step({ inputs: { one }, run: ({ one }) => one.length })
export const made = pipeline('p', { one, two })
`
const PROGRAM = `
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { openEngine } from '@stepwell/engine'
import {
  artifactStoreContract,
  executorContract,
  MemoryArtifacts,
  MemoryStepCache,
  stepCacheContract,
  tryExecutor,
} from '@stepwell/engine/testing'
import { FolderStore } from './store.ts'
import { TextExecutor } from './executor.ts'
import { made } from './made.ts'

const here = (name: string) => mkdtempSync(join(process.cwd(), name))
let checks = 0
const keeps = async <T>(contract: readonly { name: string; run: (subject: T) => Promise<void> }[], subject: T) => {
  for (const { name, run } of contract) {
    await run(subject).catch((cause) => { throw new Error(name, { cause }) })
    checks++
  }
}
await keeps(artifactStoreContract, () => new FolderStore(here('store-')))
await keeps(artifactStoreContract, () => new MemoryArtifacts())
await keeps(stepCacheContract, () => new MemoryStepCache())
const trial = tryExecutor(({ pipeline: tried, ...place }) => new TextExecutor(tried, place))
await keeps(executorContract, trial)
await trial.close()
console.log(checks > 30)

const executors: TextExecutor[] = []
await using engine = await openEngine({
  artifacts: new FolderStore(join(process.cwd(), 'artifacts')),
  cache: new MemoryStepCache(),
  executor: (made, place) => {
    const executor = new TextExecutor(made, place)
    executors.push(executor)
    return executor
  },
})
for (const _ of [1, 2]) {
  const { steps } = await engine.run(made).result
  console.log(Object.values(steps).map(({ status }) => status).join(' '))
}
console.log(executors.reduce((sum, { jobs }) => sum + jobs, 0))
`

test('a store and an executor that are written with the packages alone keep the contracts, and are used', async () => {
  const project = new Project()
  project.write('store.ts', STORE)
  project.write('executor.ts', EXECUTOR)
  project.write('made.ts', MADE)
  project.write('program.ts', PROGRAM)
  const { stdout, stderr } = await project.program('program.ts')
  expect(stderr).toBe('')
  expect(stdout).toBe('true\nsucceeded succeeded\ncached cached\n2\n')
})

test('a store that does not keep the contract is told by what it does not do', async () => {
  const project = new Project()
  project.write(
    'program.ts',
    `
import { artifactStoreContract, MemoryArtifacts } from '@stepwell/engine/testing'

class Forgetful extends MemoryArtifacts {
  override async remove(): Promise<void> {}
}
class Shared extends MemoryArtifacts {
  #last = new Uint8Array()
  override async put(bytes: Uint8Array) {
    this.#last = bytes
    return await super.put(bytes)
  }
  override async get() {
    return this.#last
  }
}
for (const make of [() => new Forgetful(), () => new Shared()]) {
  let failed = 0
  for (const { run } of artifactStoreContract) await run(make).catch(() => failed++)
  console.log(failed > 0 && failed < artifactStoreContract.length)
}
`,
  )
  expect((await project.program('program.ts')).stdout).toBe('true\ntrue\n')
})
