import { paramsOf } from '../define/params.ts'
import { codeDigest } from '../identity/code.ts'
import { pathsNamed } from '../define/command-line.ts'
import { digestText, type Digest } from '@stepwell/base/digest'
import type { OrderedStep } from '../define/order.ts'
import type { Pipeline } from '../define/pipeline.ts'
import type { ProjectState } from './project.ts'
import { prepare } from './session.ts'
import { isGlob } from '../define/input-kinds.ts'
import { definition } from '../define/step.ts'
import { commandOf } from '../define/work.ts'

/** All that a run of a pipeline depends on in the file system. */
export interface Watched {
  /** Its own source files, and what decides how they are read; absolute. */
  readonly sources: readonly string[]
  /** Paths that its steps write, relative to the project. */
  readonly outs: readonly string[]
  /** Those that take part, in execution order. */
  readonly steps: readonly WatchedStep[]
}

export interface WatchedStep {
  readonly name: string
  /** Names of the steps it reads. */
  readonly upstream: readonly string[]
  /** Tells apart what the step would be made from besides files and outputs: its code and its options. */
  readonly identity: Digest
  /** Declared files and directories, relative to the project. */
  readonly files: readonly string[]
  readonly dirs: readonly string[]
  /** Each a list of patterns. */
  readonly globs: readonly (readonly string[])[]
}

/**
 * What a run depends on in the file system, for a watcher.
 *
 * @throws StepwellError as `prepare`.
 */
export async function watchedBy(
  pipeline: Pipeline,
  targets: readonly string[] | undefined,
  state: ProjectState,
): Promise<Watched> {
  const { steps, code, sources, places } = await prepare(pipeline, targets, state)
  return {
    sources,
    outs: places.paths,
    steps: steps.map((ordered) => watchedStep(ordered, codeDigest(code, ordered.name))),
  }
}

/**
 * The source files behind a pipeline file, found without running it: also where it cannot be loaded.
 * Those that it imports and that are not there are among them. All are absolute.
 */
export async function sourcesBehind(file: string, dir: string): Promise<string[]> {
  const { sourceFiles } = await import('../code/manifest/source-files.ts')
  return sourceFiles(file, dir)
}

function watchedStep({ name, step, upstream }: OrderedStep, code: Digest): WatchedStep {
  const { inputs, dependsOn, outs, version, work } = definition(step)
  const command = commandOf(work)
  const handles = [...Object.values(inputs), ...dependsOn]
  // A step among them shows nothing but that it is one: `upstream` says which.
  const params = paramsOf(name, step)
  const made = [
    code,
    params,
    version ?? null,
    // A function shows nothing of itself here: its code does.
    work,
    outs,
    inputs,
    dependsOn,
    upstream,
  ]
  return {
    name,
    upstream,
    identity: digestText(`stepwell watched step\n${JSON.stringify(made)}`),
    files: [
      ...handles.flatMap((handle) => (handle.kind === 'file' ? [handle.path] : [])),
      // Words of it that are files, once they are.
      ...(command?.namedFiles ? pathsNamed(command) : []),
    ],
    // What may be either is watched with all below it.
    dirs: handles.flatMap((handle) =>
      handle.kind === 'dir' || handle.kind === 'any' ? [handle.path] : [],
    ),
    globs: handles.flatMap((handle) => (isGlob(handle) ? [handle.patterns] : [])),
  }
}
