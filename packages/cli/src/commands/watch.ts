import { realpathSync } from 'node:fs'
import { relative } from 'node:path'
import type { Cli } from '../cli.ts'
import { openEngine, sourcesBehind, type StepwellError, type Watched } from '@stepwell/engine'
import { onEnding, urged, type Ending } from '../ui/ending.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { findPipeline } from '../load-pipeline.ts'
import { STOPPING } from '../ui/stopping.ts'
import { plural } from '../ui/text.ts'
import { Burst } from '../watch/burst.ts'
import { Cycle, lookAhead } from '../watch/cycle.ts'
import { watchFiles, type FileWatcher } from '../watch/file-watcher.ts'
import { outdatedSteps } from '../watch/outdated.ts'
import { Targets } from '../watch/targets.ts'
import type { ProjectOptions } from './project.ts'

/** Adds `stepwell watch`. */
export function register({ runCommand, exit, argv }: Cli): void {
  runCommand(
    'watch',
    'run, and rerun the steps that each change of a file affects, until Ctrl-C',
  ).action(async (_: string[], options: WatchOptions) => exit(await watch(argv.slice(1), options)))
}

export interface WatchOptions extends ProjectOptions {
  readonly json?: boolean
  readonly events?: boolean
  readonly quiet?: boolean
}

const MOST_PATHS = 3
const NOTHING: Watched = { sources: [], outs: [], steps: [] }

/**
 * Runs the pipeline, and again whenever something changes that it depends on, until it is interrupted.
 *
 * @param args those of `stepwell run`
 */
export async function watch(args: readonly string[], options: WatchOptions): Promise<ExitCode> {
  const { dir, path } = await findPipeline(options.cwd, options.pipeline)
  const session = new Session(realpathSync(dir), path, args, (text) => {
    // What a program reads are the events and records of the runs.
    const stream = options.json || options.events ? process.stderr : process.stdout
    if (!options.quiet) stream.write(`${text}\n`)
  })
  const leaveSignals = onEnding((signal) => session.interrupt(signal))
  try {
    return await session.goOn()
  } finally {
    leaveSignals()
    await session.close()
  }
}

/** One cycle after the other. */
class Session {
  readonly #dir: string
  readonly #path: string
  readonly #args: readonly string[]
  readonly #say: (text: string) => void
  readonly #burst = new Burst()
  readonly #end = Promise.withResolvers<'end'>()
  #targets: Targets
  #files: FileWatcher | undefined
  /** Setting up what is watched: one after the other. */
  #aiming: Promise<void> = Promise.resolve()
  #cycle: Cycle | undefined
  /** What changed since the latest cycle began. */
  #changed = new Set<string>()
  #interrupts = 0
  #exit: ExitCode = EXIT.ok
  #failure: StepwellError | undefined

  constructor(dir: string, path: string, args: readonly string[], say: (text: string) => void) {
    this.#dir = dir
    this.#path = path
    this.#args = args
    this.#say = say
    this.#targets = new Targets(dir, NOTHING)
  }

  async goOn(): Promise<ExitCode> {
    while (!this.#isOver) {
      if (this.#changed.size > 0) this.#say(`${this.#what} changed: running`)
      this.#changed.clear()
      await this.#runCycle()
      if (this.#isOver || this.#changed.size > 0) continue
      const count = this.#targets.count(this.#files?.files ?? [])
      this.#say(`watching ${plural(count, 'file')}; Ctrl-C to end`)
      while (!this.#isOver && this.#changed.size === 0) {
        const next = await Promise.race([this.#burst.over(), this.#end.promise])
        if (next !== 'end') await this.#note()
      }
    }
    if (this.#failure !== undefined) throw this.#failure
    return this.#exit
  }

  /** Ends the cycle that goes on, as `stepwell run` ends, and then all. */
  interrupt(signal: Ending): void {
    const before = this.#interrupts
    this.#interrupts = signal === 'SIGTERM' ? before + 2 : urged(before, signal)
    if (this.#interrupts === before) return
    const cycle = this.#cycle
    if (cycle !== undefined) {
      this.#exit = EXIT.interrupted
      if (this.#interrupts === 1) {
        cycle.stop('finish', STOPPING.finish)
      } else if (this.#interrupts <= 3) cycle.stop('kill', STOPPING.kill)
      else cycle.kill()
    }
    this.#end.resolve('end')
  }

  async close(): Promise<void> {
    this.#end.resolve('end')
    await this.#aiming
    await this.#files?.close()
    await using engine = await openEngine({ dir: this.#dir, keeper: process.pid })
    const names = await engine.stopServices()
    if (names.length > 0) this.#say(`stopped ${names.join(', ')}`)
  }

  get #isOver(): boolean {
    return this.#interrupts > 0 || this.#failure !== undefined
  }

  async #runCycle(): Promise<void> {
    const cycle = new Cycle(this.#args, (watched) => this.#aim(watched, cycle.since))
    this.#cycle = cycle
    const ended = cycle.ended.then(() => 'ended' as const)
    let stopped = false
    while ((await Promise.race([this.#burst.over(), ended])) !== 'ended') {
      const given = await this.#note()
      if (!stopped && given !== undefined) stopped = await this.#outdate(cycle, given)
    }
    this.#cycle = undefined
    // The pipeline could not be loaded: what could mend it is watched, besides what was.
    if (cycle.watched === undefined) {
      const behind = await sourcesBehind(this.#path, this.#dir).catch(() => [this.#path])
      const { watched } = this.#targets
      const sources = [...new Set([...watched.sources, ...behind])]
      this.#aim({ ...watched, sources }, cycle.since)
    }
    await this.#aiming
  }

  /** Takes the changes that have come: the steps that are given them, if any matters. */
  async #note(): Promise<readonly string[] | undefined> {
    const { paths, steps } = await this.#targets.examine(this.#burst.take())
    for (const path of paths) this.#changed.add(path)
    return paths.length === 0 ? undefined : steps
  }

  /** Stops a cycle whose steps are outdated, if some are: `true` once it was told to. */
  async #outdate(cycle: Cycle, given: readonly string[]): Promise<boolean> {
    const isCode = [...this.#changed].some((path) => this.#targets.isSource(path))
    const before = cycle.watched
    const after = isCode && before !== undefined ? await lookAhead(this.#args) : undefined
    // What is being written may not load yet: no reason to stop what runs.
    if (isCode && before !== undefined && after === undefined) return false
    const outdated = outdatedSteps(before ?? NOTHING, given, after)
    if (before !== undefined && outdated.size === 0) return false
    const kept = cycle.running.filter((name) => !outdated.has(name))
    if (kept.length === 0) cycle.stop('kill', `${this.#what} changed: stopping the running steps`)
    else cycle.stop('finish', `${this.#what} changed: ${kept.join(', ')} may end`)
    return true
  }

  /** Watches what a cycle depends on, in place of what was watched. */
  #aim(watched: Watched, since: number): void {
    const before = this.#aiming
    this.#aiming = (async () => {
      await before
      await this.#replace(new Targets(this.#dir, watched), since)
    })()
  }

  async #replace(targets: Targets, since: number): Promise<void> {
    await targets.look(this.#targets)
    const isSame = this.#files !== undefined && targets.shape === this.#targets.shape
    this.#targets = targets
    if (isSame) return
    const before = this.#files
    this.#files = await watchFiles(
      targets,
      since,
      (path) => this.#burst.add(path),
      (error) => this.#fail(error),
    )
    await before?.close()
  }

  #fail(error: StepwellError): void {
    this.#failure ??= error
    this.#cycle?.stop('finish', error.message)
    this.#end.resolve('end')
  }

  /** `data/a.csv, data/b.csv and 3 more` */
  get #what(): string {
    const names = [...this.#changed].map((path) => relative(this.#dir, path))
    const more = names.length - MOST_PATHS
    const shown = names.slice(0, MOST_PATHS).join(', ')
    return more > 0 ? `${shown} and ${more} more` : shown
  }
}
