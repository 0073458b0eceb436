import { paramsOf } from '../define/params.ts'
import type { InputRecord } from '../define/input-record.ts'
import { describeInput, resolveInput } from './inputs/input.ts'
import type { ResolvedInput, Sources } from './inputs/resolved-input.ts'
import type { ProjectFiles } from '../store/inputs/project-files.ts'
import type { Sighting } from '../store/inputs/sighting.ts'
import type { JobInput } from '../identity/job-input.ts'
import type { OutArtifact, Outputs } from '../value/artifact.ts'
import { normal, pathsNamed, type CommandLine } from '../define/command-line.ts'
import type { Doubt, PipelineCode } from '../identity/code.ts'
import type { Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { FORMAT, stepKey, type Fingerprint, type StepKey } from '../identity/fingerprint.ts'
import { file, type FileHandle } from '../define/inputs.ts'
import { sortedEntries, type Json } from '@stepwell/base/json'
import type { OrderedStep } from '../define/order.ts'
import type { Ingredients, Reason } from '../identity/reason.ts'
import { definition, type Input, type Step } from '../define/step.ts'
import { commandOf } from '../define/work.ts'
import type { Tree } from '../value/tree.ts'

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

export interface Surroundings extends Sources {
  readonly code: PipelineCode
}

/**
 * Resolves a step's inputs to digests and derives its key. Everything upstream has finished, so the bytes of each input
 * are final.
 *
 * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE, STEPWELL_URL, STEPWELL_ENV_MISSING,
 *   STEPWELL_PARAMS.
 */
export async function identify(
  { name, step }: OrderedStep,
  surroundings: Surroundings,
): Promise<Identity> {
  const { code, files, nameOf, outPaths } = surroundings
  const parts: [string, SourcedInput][] = []
  // Sorted, since `run` is given them in this order, and the order in which they are written is not in the key.
  for (const [input, handle] of sortedEntries(definition(step).inputs))
    parts.push([input, await resolve(handle)])
  const besides: [string, SourcedInput][] = []
  const { work, dependsOn } = definition(step)
  const command = commandOf(work)
  for (const handle of [...dependsOn, ...filesNamed(step, files)]) {
    const part = await resolve(handle)
    besides.push([part.source, part])
  }
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
    trees: new Map(
      [...parts, ...besides].flatMap(([, { tree }]) =>
        tree === undefined ? [] : [[tree.digest, tree]],
      ),
    ),
    moved,
    sight,
    doubts: own.pinned === undefined ? [...code.doubts, ...own.doubts] : [],
  }

  async function resolve(handle: Input): Promise<SourcedInput> {
    const source = describeInput(handle, nameOf)
    return { source, ...(await resolveInput(handle, surroundings, name)) }
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

/** Existing files of the project that a command names and the step does not declare. */
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

interface SourcedInput extends ResolvedInput {
  readonly source: string
}

function nodeMajor(): string {
  return process.versions.node.split('.')[0] ?? ''
}
