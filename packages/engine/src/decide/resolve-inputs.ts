import { paramsOf } from '../define/params.ts'
import { shownUrl } from '../define/shown-url.ts'
import { type InputRecord, sourceOf } from '../define/input-source.ts'
import type { Download } from '../store/inputs/downloads.ts'
import type { ProjectFiles } from '../store/inputs/project-files.ts'
import type { Sight, Sighting } from '../store/inputs/sighting.ts'
import type { JobInput } from '../identity/job-input.ts'
import type { Artifact, OutArtifact, Outputs } from '../value/artifact.ts'
import { normal, pathsNamed, type CommandLine } from '../define/command-line.ts'
import type { Doubt, PipelineCode } from '../identity/code.ts'
import type { Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import {
  FORMAT,
  stepKey,
  type Fingerprint,
  type FingerprintInput,
  type StepKey,
} from '../identity/fingerprint.ts'
import { file, type FileHandle } from '../define/inputs.ts'
import { sortedEntries, type Json } from '@stepwell/base/json'
import type { OrderedStep } from '../define/order.ts'
import type { Ingredients, Reason } from '../identity/reason.ts'
import { definition, type Input, type Step } from '../define/step.ts'
import { commandOf } from '../define/work.ts'
import { countedMode, type Tree } from '../value/tree.ts'

/** A step whose inputs are known: what it will be given, and what its outputs are filed under. */
export interface Identity {
  readonly key: StepKey
  readonly ingredients: Ingredients
  readonly jobInputs: Readonly<Record<string, JobInput>>
  readonly inputs: readonly InputRecord[]
  /** Listings of directories and of files, by their digests. */
  readonly trees: ReadonlyMap<Digest, Tree>
  /**
   * Where an input came from that is no longer what it was; `undefined` when all are.
   * @param except the name of one that is not looked at
   */
  readonly moved: (except?: string) => Promise<string | undefined>
  /**
   * Looks at the inputs before they are used. Asked afterwards, it says where one came from that was touched
   * meanwhile, though it may be the same again.
   * @param except as of `moved`
   */
  readonly sight: (except?: string) => Promise<() => Promise<string | undefined>>
  /** Why its outputs may not be cached; empty when they may. */
  readonly doubts: readonly Doubt[]
}

export interface Surroundings {
  readonly code: PipelineCode
  readonly files: ProjectFiles
  readonly nameOf: (step: Step) => string
  /** The output of a step, or of one field of it. */
  readonly outputOf: (step: string, field: string | undefined) => Artifact | Promise<Artifact>
  readonly outOf: (step: string, name: string) => OutArtifact
  /** Of a service: which one it is, and whether it is still that. */
  readonly serviceOf: (step: string) => ServiceState | undefined
  /** What an HTTP server has; asked for once everything upstream is done. */
  readonly download: (url: string, step: string) => Promise<Download>
  /** Paths that steps of the pipeline write: no sources. */
  readonly outPaths: readonly string[]
}

export interface ServiceState {
  readonly key: StepKey
  /** Whether it is up, and made from what it was made from. */
  readonly holds: () => Promise<boolean>
}

/**
 * Resolves a step's inputs to digests and derives its key. Everything upstream has finished: an input
 * is digested when its bytes are final, never before.
 *
 * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE, STEPWELL_URL, STEPWELL_ENV_MISSING,
 *   STEPWELL_PARAMS.
 */
export async function identify(
  { name, step }: OrderedStep,
  { code, files, nameOf, outputOf, outOf, serviceOf, download, outPaths }: Surroundings,
): Promise<Identity> {
  const trees = new Map<Digest, Tree>()
  const parts: [string, ResolvedInput][] = []
  // Sorted, since `run` is given them in this order, and the order in which they are written is not in the key.
  for (const [input, handle] of sortedEntries(definition(step).inputs))
    parts.push([input, await resolve(handle)])
  const besides: [string, ResolvedInput][] = []
  const { work, dependsOn } = definition(step)
  const command = commandOf(work)
  for (const handle of [...dependsOn, ...filesNamed(step, files)])
    besides.push([sourceOf(handle, nameOf), await resolve(handle)])
  const own = code.steps.get(name)
  if (own === undefined) throw new TypeError(`the code of step \`${name}\` was not analysed`)
  const fingerprint: Fingerprint = {
    format: FORMAT,
    code: own.digest,
    loading: own.pinned === undefined ? code.loading.digest : own.digest,
    site: own.site,
    node: nodeMajor(),
    version: definition(step).version ?? null,
    params: JSON.parse(paramsOf(name, step)) as Json,
    inputs: Object.fromEntries(parts.map(([input, { fingerprint: part }]) => [input, part])),
    outs: Object.fromEntries(
      Object.entries(definition(step).outs).map(([out, { kind, path }]) => [out, { kind, path }]),
    ),
    ...(command !== undefined && { command: lineOf(command) }),
    ...(besides.length > 0 && {
      dependsOn: Object.fromEntries(
        besides.map(([source, { fingerprint: part }]) => [source, part]),
      ),
    }),
    ...(work.kind === 'map' && { map: true }),
    env: own.env,
  }
  return {
    key: stepKey(fingerprint),
    ingredients: {
      fingerprint,
      sources: Object.fromEntries(parts.map(([input, { source }]) => [input, source])),
    },
    jobInputs: Object.fromEntries(parts.map(([input, { job }]) => [input, job])),
    inputs: [...parts, ...besides.map(([, part]) => ['dependsOn', part] as const)].map(
      ([input, { source, record }]) => ({ name: input, source, ...record }),
    ),
    trees,
    moved,
    sight,
    doubts: own.pinned === undefined ? [...code.doubts, ...own.doubts] : [],
  }

  async function moved(except?: string): Promise<string | undefined> {
    const looked = parts.filter(
      ([input, part]) => input !== except || part.fingerprint.kind === 'service',
    )
    for (const [, { source, holds }] of [...looked, ...besides]) {
      try {
        if (holds !== undefined && !(await holds())) return source
      } catch (error) {
        // It is not there any more.
        if (error instanceof StepwellError) return source
        throw error
      }
    }
    return undefined
  }

  async function sight(except?: string): Promise<() => Promise<string | undefined>> {
    const sightings: [source: string, sighting: Sighting][] = []
    const looked = parts.filter(([input]) => input !== except)
    for (const [, part] of [...looked, ...besides]) {
      if (part.sight === undefined) continue
      sightings.push([part.source, await files.sight(part.sight, outPaths)])
    }
    return async () => {
      for (const [source, isTouched] of sightings) if (await isTouched()) return source
      return undefined
    }
  }

  async function fileHolds(path: string, digest: Digest): Promise<boolean> {
    return (await files.state(path)).digest === digest
  }

  async function resolve(handle: Input): Promise<ResolvedInput> {
    const source = sourceOf(handle, nameOf)
    switch (handle.kind) {
      case 'file': {
        const state = await files.state(handle.path)
        const holds = async () => await fileHolds(handle.path, state.digest)
        return { ...fileInput(handle.path, state), source, holds, sight: handle }
      }
      case 'dir': {
        const links = handle.followLinks === false ? 'unfollowed' : 'input'
        const tree = await files.tree(handle.path, links)
        trees.set(tree.digest, tree)
        const holds = async () => (await files.tree(handle.path, links)).digest === tree.digest
        const part = dirInput(handle.path, tree.digest)
        return { ...part, source, holds, sight: { kind: 'dir', path: handle.path, links } }
      }
      case 'any':
        return await resolve(
          files.isFile(handle.path)
            ? { kind: 'file', path: handle.path }
            : { kind: 'dir', path: handle.path },
        )
      case 'out': {
        const out = outOf(nameOf(handle.step), handle.name)
        if (out.kind === 'file') {
          const holds = async () => await fileHolds(out.path, out.digest)
          return { ...fileInput(out.path, out), source, holds, sight: file(out.path) }
        }
        const holds = async () => (await files.tree(out.path, 'left')).digest === out.digest
        const part = dirInput(out.path, out.digest)
        return { ...part, source, holds, sight: { kind: 'dir', path: out.path, links: 'left' } }
      }
      case 'glob': {
        const tree = await files.glob(handle, outPaths)
        if (tree.entries.length === 0 && !handle.optional) throw noMatch(name, handle.patterns)
        trees.set(tree.digest, tree)
        const part = { kind: 'glob', digest: tree.digest } as const
        const about = `${tree.entries.length} file${tree.entries.length === 1 ? '' : 's'}`
        const holds = async () => {
          // One that has come since was not given to the step.
          for (const entry of tree.entries) {
            if (entry.kind !== 'file') continue
            if (!(await fileHolds(entry.path, entry.digest))) return false
          }
          return true
        }
        return {
          fingerprint: part,
          job: part,
          source,
          record: { digest: tree.digest, about },
          holds,
          sight: handle,
        }
      }
      case 'url': {
        const { path, digest } = await download(handle.url, name)
        const shown = shownUrl(handle.url)
        return {
          fingerprint: { kind: 'url', url: shown, digest },
          job: { kind: 'url', url: shown, path, digest },
          source,
          record: { digest },
          holds: async () => await fileHolds(path, digest),
        }
      }
      case 'secret': {
        if (process.env[handle.name] === undefined) missingEnv(name, handle.name, 'secret')
        const part = { kind: 'secret', name: handle.name } as const
        return { fingerprint: part, job: part, source, record: {} }
      }
      case 'env': {
        const value = process.env[handle.name] ?? handle.fallback ?? missingEnv(name, handle.name)
        const part = { kind: 'env', name: handle.name, value } as const
        return {
          fingerprint: part,
          job: part,
          source,
          record: { about: JSON.stringify(value) },
        }
      }
      case 'step':
      case 'pick': {
        const upstream = nameOf(handle.kind === 'pick' ? handle.step : handle)
        const field = handle.kind === 'pick' ? handle.field : undefined
        const { digest, about } = await outputOf(upstream, field)
        const part = { kind: 'value', digest } as const
        const service = serviceOf(upstream)
        if (service === undefined) {
          return { fingerprint: part, job: part, source, record: { digest, about } }
        }
        return {
          fingerprint: { kind: 'service', digest, key: service.key },
          job: part,
          source,
          record: { digest, about },
          holds: service.holds,
        }
      }
    }
  }
}

/**
 * The file or directory that a step left under a name.
 * @throws StepwellError STEPWELL_NO_OUTPUT where it was declared after the step was executed.
 */
export function outIn(step: string, { outs }: Outputs, name: string): OutArtifact {
  const out = outs[name]
  if (out !== undefined) return out
  throw new StepwellError({
    code: 'STEPWELL_NO_OUTPUT',
    summary: `there is no out \`${name}\` of step \`${step}\`, which is to be taken as it was left`,
    hint: 'run it, too',
  })
}

/** Why a step's outputs may not be cached, if they may not. */
export function uncacheable({ step }: OrderedStep, { doubts }: Identity): Reason | undefined {
  if (!definition(step).cache)
    return { kind: 'uncacheable', why: 'it is declared with `cache: false`' }
  const [first] = doubts
  if (first === undefined) return undefined
  return { kind: 'uncacheable', why: `${first.what} (${first.place}); ${first.todo}` }
}

/** Files of the project that a command names and nobody declares, as far as they are there. */
function filesNamed(step: Step, files: ProjectFiles): FileHandle[] {
  const { work, inputs, dependsOn, outs } = definition(step)
  const command = commandOf(work)
  if (command === undefined || !command.namedFiles) return []
  const declared = [...Object.values(inputs), ...dependsOn, ...Object.values(outs)].flatMap(
    (handle) =>
      handle.kind === 'file' || handle.kind === 'dir' || handle.kind === 'any'
        ? [normal(handle.path)]
        : [],
  )
  const found: FileHandle[] = []
  for (const path of pathsNamed(command)) {
    if (declared.some((each) => path === each || path.startsWith(`${each}/`) || each === ''))
      continue
    if (files.isFile(path)) found.push(file(path))
  }
  return found
}

function lineOf({ cmd, shell, dir, stdout }: CommandLine): CommandLine {
  return { cmd, shell, dir, stdout }
}

interface ResolvedInput {
  readonly fingerprint: FingerprintInput
  readonly job: JobInput
  readonly source: string
  readonly record: Omit<InputRecord, 'name' | 'source'>
  /** Whether it still is what it was; of what may change at all. */
  readonly holds?: () => Promise<boolean>
  /** What may be touched while it is used. */
  readonly sight?: Sight
}

function nodeMajor(): string {
  return process.versions.node.split('.')[0] ?? ''
}

function fileInput(path: string, { digest, mode }: { digest: Digest; mode: number }) {
  return {
    fingerprint: { kind: 'file', path, digest, mode: countedMode(mode) },
    job: { kind: 'file', path, digest },
    record: { digest },
  } as const
}

function dirInput(path: string, digest: Digest) {
  const part = { kind: 'dir', path, digest } as const
  return { fingerprint: part, job: part, record: { digest } } as const
}

function noMatch(step: string, patterns: readonly string[]): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_INPUT_MISSING',
    summary: `step \`${step}\` has an input for which there are no files`,
    details: `${patterns.join(' ')}; what steps of the pipeline write is left out`,
    hint: 'correct the pattern, declare it with { optional: true }, or read a step by `step.out()`',
  })
}

function missingEnv(step: string, name: string, kind: 'env' | 'secret' = 'env'): never {
  throw new StepwellError({
    code: 'STEPWELL_ENV_MISSING',
    summary: `step \`${step}\` needs the environment variable ${name}, which is not set`,
    hint: kind === 'env' ? `set it, or declare env('${name}', { fallback: '...' })` : 'set it',
  })
}
