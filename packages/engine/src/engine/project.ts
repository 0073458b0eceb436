import type { ArtifactStore, LinkMode } from '../store/objects/artifact-store.ts'
import type { Claim, Waiting } from '../store/claims/claims.ts'
import type { StepCache } from '../store/cache/step-cache.ts'
import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { timeOf, type Time } from '@stepwell/base/quantity'
import { digestText } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import type { StepKey } from '../identity/fingerprint.ts'
import { LiveCommands } from '../executor/command/live-commands.ts'
import { HeldBytes } from './gc-reachable.ts'
import { AcceptanceLog } from '../store/state/acceptance-log.ts'
import { AuditedCache } from '../store/cache/audited-cache.ts'
import { DiskArtifacts } from '../store/objects/disk-artifacts.ts'
import { DiskClaims } from '../store/claims/disk-claims.ts'
import { DiskSnapshots } from '../store/state/disk-snapshots.ts'
import { DiskDownloads } from '../store/inputs/disk-downloads.ts'
import { RememberingFileDigests } from '../store/inputs/file-digests.ts'
import { ItemLedgers } from '../store/cache/map-cache.ts'
import { LevelIndex, type IndexOptions } from '../store/cache/level-index.ts'
import { entryRecord, LevelStepCache } from '../store/cache/level-step-cache.ts'
import { stateDirs, type StateDirs } from '../store/layout.ts'
import { DiskProjectFiles } from '../store/inputs/disk-project-files.ts'
import { Pins } from '../store/runs/pins.ts'
import type { OutPlaces } from '../decide/out-paths.ts'
import { Recycle } from '../store/workspace/recycle.ts'
import { JournaledEntries } from '../store/runs/journaled-entries.ts'
import type { KnownEntries } from '../store/cache/known-entries.ts'
import { RunFiles } from '../store/runs/run-files.ts'
import { ServiceRecords } from '../store/state/service-records.ts'
import { Staging } from '../store/workspace/staging.ts'
import { Workspace } from '../store/workspace/workspace.ts'

// No step has this key.
const WHOLE = digestText('stepwell project') as StepKey
const FOR_EVER: Waiting = { signal: new AbortController().signal, waiting: () => undefined }

export interface StateOptions {
  /**
   * The project directory: what file inputs are relative to, and where `.stepwell` is kept.
   * @default the working directory
   */
  readonly dir?: string
  /** How long to wait for another process that holds the step cache. @default '60 s' */
  readonly lockTimeout?: Time
  /** Where artifacts are kept. @default files in `.stepwell/objects` */
  readonly artifacts?: ArtifactStore
  /** Where outputs are found by step key. @default LevelDB in `.stepwell/index` */
  readonly cache?: StepCache
  /**
   * How outs come from the artifact store into the project: `copy`, by shared blocks where the file
   * system can, or `hard` links, which take no room; those are read-only, and one that is written all the
   * same costs a rerun. @default 'copy'
   */
  readonly link?: LinkMode
}

/** All that is kept of a project directory, behind the ports. It makes nothing until something is kept. */
export class ProjectState {
  /** The project directory, absolute, symbolic links resolved. */
  readonly dir: string
  readonly dirs: StateDirs
  readonly artifacts: ArtifactStore
  readonly cache: StepCache
  readonly digests: RememberingFileDigests
  readonly files: DiskProjectFiles
  readonly downloads: DiskDownloads
  readonly recycle: Recycle
  /** Damaged bytes, apart: many of them must not drive out what people miss. */
  readonly quarantine: Recycle
  readonly staging: Staging
  readonly snapshots: DiskSnapshots
  readonly runs: RunFiles
  readonly accepted: AcceptanceLog
  readonly claims: DiskClaims
  readonly pins: Pins
  readonly ledgers: ItemLedgers
  readonly services: ServiceRecords
  readonly #link: LinkMode
  readonly #hasOwnCache: boolean
  readonly #index: LevelIndex
  readonly #indexOptions: IndexOptions
  readonly #listeners = new Set<(warning: string) => void>()

  /** @throws StepwellError STEPWELL_STATE without such a directory; STEPWELL_FORMAT. */
  constructor(options: StateOptions) {
    const dir = projectDir(options.dir ?? process.cwd())
    const dirs = stateDirs(dir)
    this.dir = dir
    this.dirs = dirs
    this.digests = new RememberingFileDigests(dir)
    this.artifacts = options.artifacts ?? new DiskArtifacts(dirs.objects, this.digests)
    this.files = new DiskProjectFiles(dir, this.digests)
    this.downloads = new DiskDownloads(dir, dirs.downloads, this.digests)
    this.recycle = new Recycle(dirs.recycle)
    this.quarantine = new Recycle(dirs.quarantine)
    this.snapshots = new DiskSnapshots(dirs.state)
    this.runs = new RunFiles(dirs.runs)
    this.claims = new DiskClaims(dirs.claims)
    this.staging = new Staging(dirs, this.recycle, {
      claims: this.claims,
      isUnderWay: async (id) => await this.#isUnderWay(id),
      endOrphans: async () => await new LiveCommands(dir).recover(),
    })
    this.pins = new Pins(dirs.pins)
    this.services = new ServiceRecords(dirs.services)
    this.ledgers = new ItemLedgers(dirs.items)
    this.accepted = new AcceptanceLog(dirs.accepted)
    this.#link = options.link ?? 'copy'
    this.#hasOwnCache = options.cache !== undefined
    this.#indexOptions = {
      ...(options.lockTimeout !== undefined && {
        lockTimeout: timeOf(options.lockTimeout, '`lockTimeout` of openEngine()'),
      }),
      warn: (message) => {
        for (const listener of this.#listeners) listener(message)
      },
      refill: () => this.#entriesOfRuns(),
    }
    this.#index = LevelIndex.share(dirs.root, this.#indexOptions)
    this.cache = new AuditedCache(options.cache ?? new LevelStepCache(this.#index), this.accepted)
  }

  /** Tells of what happens to the step cache, until what it returns is called. */
  listen(listener: (warning: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The project as a run, or a plan, finds and leaves it. */
  workspace(run: string, waiting: Waiting = FOR_EVER): Workspace {
    return new Workspace({
      dir: this.dir,
      temporary: this.staging.temporary(run),
      artifacts: this.artifacts,
      digests: this.digests,
      recycle: this.recycle,
      link: this.#link,
      claims: this.claims,
      waiting,
    })
  }

  /** What can be told of the step cache without opening it, as of when it is first asked. */
  known(): KnownEntries {
    if (this.#hasOwnCache)
      return { get: (key) => this.cache.get(key), withCode: async () => undefined }
    return new JournaledEntries(
      async () => await this.runs.journalTexts(),
      (key) => this.accepted.stands(key),
    )
  }

  /** The artifacts, read anew: what was remembered of their time stamps is not used. */
  unremembering(): ArtifactStore {
    if (!(this.artifacts instanceof DiskArtifacts)) return this.artifacts
    return new DiskArtifacts(this.dirs.objects, new RememberingFileDigests(this.dir))
  }

  /**
   * Puts aside what killed runs left, and deletes what was put aside long ago. Returns warnings.
   * @param places where steps of the pipeline write: only what a killed run took from there is put back
   */
  async tidy(places?: OutPlaces): Promise<string[]> {
    // First, so that they write no more.
    const orphans = await new LiveCommands(this.dir).recover()
    const others = await this.staging.recover(new Set(places?.paths))
    await this.recycle.purge()
    await this.quarantine.purge()
    return [
      ...orphans.map(
        (step) =>
          `a command of step \`${step}\` was still at work for a run that was killed: it was ended`,
      ),
      ...(places === undefined ? [] : others).map(
        (path) =>
          `\`${path}\` may be half written by a run that was killed, and no step of this pipeline declares it: what was there before is kept in ${this.dirs.staging}`,
      ),
    ]
  }

  async #isUnderWay(run: string): Promise<boolean> {
    try {
      return (await this.runs.read(run)).status === 'running'
    } catch (error) {
      if (error instanceof StepwellError) return false
      throw error
    }
  }

  /**
   * Takes the project's claim, for a change that no run may see half done; waits for the process that holds
   * it. A run that was recorded before may go on: the holder of the claim looks for such runs.
   */
  async hold(waiting: Waiting): Promise<Claim> {
    return await this.claims.take(WHOLE, waiting)
  }

  /** Closes the step cache. */
  async close(): Promise<void> {
    await this.#index.close(this.#indexOptions)
  }

  /** What the index held, as far as its bytes are there still. */
  async *#entriesOfRuns(): AsyncGenerator<[key: string, value: string], void, undefined> {
    const held = new HeldBytes(this.artifacts, this.ledgers)
    for await (const { key, entry } of this.runs.journals()) {
      const states = await Promise.all(
        [...(await held.of(entry.outputs))].map((digest) => this.artifacts.check(digest)),
      )
      if (states.every((state) => state === 'present')) yield entryRecord(key, entry)
    }
  }
}

function projectDir(dir: string): string {
  const absolute = resolve(dir)
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return realpathSync(absolute)
  throw new StepwellError({
    code: 'STEPWELL_STATE',
    summary: `the project directory ${absolute} does not exist`,
    hint: 'create it, or correct the path',
  })
}
