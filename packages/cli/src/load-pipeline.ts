import { existsSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hideSecrets, StepwellError, type Pipeline } from '@stepwell/engine'
import type { DvcPipeline } from '@stepwell/dvc'
import type { Loop } from '@stepwell/loop'
import { placeIn } from './place.ts'
import { collectPrinted } from './ui/console.ts'

const NAMES = ['pipeline.ts', 'pipeline.mts', 'pipeline.js', 'pipeline.mjs', 'dvc.yaml']

export interface LoadedPipeline {
  readonly pipeline: Pipeline
  /** The project: the directory of the pipeline file, or that of a DVC project. */
  readonly dir: string
  /** What else the pipeline file exports. */
  readonly exports: readonly unknown[]
  /** Where the pipeline is that of `dvc.yaml` files. */
  readonly dvc?: DvcPipeline
}

/**
 * The loop that the pipeline file exports beside its pipeline.
 * @throws StepwellError STEPWELL_LOOP_MISSING, also where there are several.
 */
export function loopIn(loaded: LoadedPipeline): Loop {
  const [found, ...others] = loopsIn(loaded)
  if (loaded.dvc !== undefined) {
    throw new StepwellError({
      code: 'STEPWELL_LOOP_MISSING',
      summary: 'the pipeline is that of dvc.yaml, which declares no loop',
      hint: 'write a pipeline.ts, or let cron or a CI run `stepwell repro`',
    })
  }
  if (found !== undefined && others.length === 0) return found
  throw new StepwellError({
    code: 'STEPWELL_LOOP_MISSING',
    summary: `the pipeline file exports ${found === undefined ? 'no loop' : 'several loops'} of its pipeline`,
    hint: 'declare one: export const updates = loop(pipeline, { triggers: { ... } })',
  })
}

/** The loops of its pipeline that the pipeline file exports, each once. */
export function loopsIn({ pipeline, exports }: LoadedPipeline): Loop[] {
  const found = exports.filter(
    (each): each is Loop => isOfKind(each, 'loop') && (each as Loop).pipeline === pipeline,
  )
  return [...new Set(found)]
}

/**
 * Finds the project's directory and its pipeline file.
 *
 * @throws StepwellError STEPWELL_PIPELINE_MISSING.
 */
export async function findPipeline(
  cwd: string,
  file: string | undefined,
): Promise<{ dir: string; path: string }> {
  const base = resolve(cwd)
  const missing = (what: string, todo: string) =>
    new StepwellError({ code: 'STEPWELL_PIPELINE_MISSING', summary: what, hint: todo })
  if (!statSync(base, { throwIfNoEntry: false })?.isDirectory()) {
    throw missing(`there is no directory ${base}`, 'correct --cwd')
  }
  if (file !== undefined) {
    const path = resolve(base, file)
    if (!existsSync(path)) throw missing(`there is no file ${path}`, 'correct --pipeline')
    return { dir: await projectOf(path), path }
  }
  // From a directory inside of a project, as Git does.
  for (let dir = base; ; dir = dirname(dir)) {
    const path = NAMES.map((name) => resolve(dir, name)).find((candidate) => existsSync(candidate))
    if (path !== undefined) return { dir: await projectOf(path), path }
    if (dirname(dir) === dir) break
  }
  throw missing(
    `there is no pipeline in ${base}, nor in a directory above it`,
    `write a pipeline.ts or a dvc.yaml there, or name a directory with --cwd or a file with --pipeline`,
  )
}

/** Several `dvc.yaml` files make one project. */
async function projectOf(path: string): Promise<string> {
  if (!isDvc(path)) return dirname(path)
  const { dvcRoot } = await import('@stepwell/dvc')
  return dvcRoot(path)
}

function isDvc(path: string): boolean {
  return basename(path) === 'dvc.yaml'
}

/**
 * Imports the pipeline file and takes the pipeline that it exports.
 *
 * @throws StepwellError STEPWELL_PIPELINE_MISSING, STEPWELL_PIPELINE_BROKEN, and what `pipeline()`
 *   refuses.
 */
export async function loadPipeline(cwd: string, file: string | undefined): Promise<LoadedPipeline> {
  const { dir, path } = await findPipeline(cwd, file)
  if (isDvc(path)) {
    const { dvcPipeline } = await import('@stepwell/dvc')
    const dvc = dvcPipeline(path)
    return { pipeline: dvc.pipeline, dir, dvc, exports: [] }
  }
  const { done, text } = await collectPrinted(
    async () => (await import(pathToFileURL(path).href)) as { readonly default?: unknown },
  )
  const exported = done.status === 'fulfilled' ? done.value.default : undefined
  // Apart from what a program reads of this command. Now it is known what the secrets are.
  if (text !== '') process.stderr.write(isPipeline(exported) ? hideSecrets(exported, text) : text)
  if (done.status === 'rejected') {
    const cause: unknown = done.reason
    if (cause instanceof StepwellError) throw cause
    throw new StepwellError({
      code: 'STEPWELL_PIPELINE_BROKEN',
      summary: `the pipeline file ${basename(path)} cannot be loaded`,
      details: `${describe(cause)}${placeIn(cause instanceof Error ? cause.stack : undefined, dir)}`,
      hint: todoFor(cause),
      cause,
    })
  }
  if (!isPipeline(exported)) {
    throw new StepwellError({
      code: 'STEPWELL_PIPELINE_BROKEN',
      summary: `the pipeline file ${basename(path)} has no pipeline as its default export`,
      details:
        exported === undefined ? 'it has no default export' : `it exports a ${typeof exported}`,
      hint: "end it with: export default pipeline('name', { ... })",
    })
  }
  return { pipeline: exported, dir, exports: Object.values(done.value) }
}

function isPipeline(value: unknown): value is Pipeline {
  return isOfKind(value, 'pipeline')
}

function isOfKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}

function todoFor(error: unknown): string {
  // Node takes a file without a package that says otherwise, or whose package says `commonjs`, for CommonJS.
  if (
    error instanceof SyntaxError &&
    /import statement outside a module|Unexpected token 'export'/.test(error.message)
  )
    return 'say in package.json that files are ES modules: npm pkg set type=module'
  const missing = error instanceof Error && /Cannot find package '(.+?)'/.exec(error.message)?.[1]
  if (missing) return `install it in the project: npm install ${missing}`
  const [, file = ''] =
    (error instanceof Error && /Cannot find module '(.+?)'/.exec(error.message)) || []
  const extension = ['.ts', '.mts', '.js', '.mjs'].find((each) => existsSync(file + each))
  if (extension !== undefined) return `import it by its whole name, with ${extension}`
  return 'correct it; --verbose shows the stack'
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const first = error.message.split('\n').find((line) => line.trim() !== '') ?? ''
  return `${error.name}: ${first.trim()}`
}
