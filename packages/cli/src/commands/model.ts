import { openEngine, StepwellError } from '@stepwell/engine'
import {
  aliasesOf,
  describeVersion,
  exportVersion,
  historyOf,
  modelNames,
  parseModelRef,
  requireModelName,
  resolveVersion,
  versionIds,
} from '@stepwell/registry'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { findPipeline } from '../load-pipeline.ts'
import { renderTable } from '../ui/table.ts'
import { formatTime } from '../ui/text.ts'
import { metricsText, versionPage } from '../ui/version-page.ts'
import { lineageOf } from './lineage.ts'
import { print, printJson, type ProjectOptions } from './project.ts'

export interface ModelOptions extends ProjectOptions {
  /** The registry's folder. */
  readonly dir?: string
  readonly json?: boolean
}

/** The registry's folder: `models` in the project, which here need not have a pipeline. */
export async function registryOf({ cwd, pipeline, dir }: ModelOptions): Promise<string> {
  if (dir !== undefined) return resolve(cwd, dir)
  return join(await projectOf(cwd, pipeline), 'models')
}

async function projectOf(cwd: string, pipeline: string | undefined): Promise<string> {
  try {
    return (await findPipeline(cwd, pipeline)).dir
  } catch (error) {
    // A machine that serves has the registry, and often nothing else.
    if (pipeline === undefined && existsSync(join(cwd, 'models'))) return resolve(cwd)
    throw error
  }
}

/** Lists the models of a registry, or the versions of one of them. */
export async function listModels(
  name: string | undefined,
  options: ModelOptions,
): Promise<ExitCode> {
  const dir = await registryOf(options)
  if (name !== undefined) requireModel(dir, name)
  const models = (name === undefined ? modelNames(dir) : [name]).map((model) => ({
    model,
    aliases: Object.fromEntries(
      aliasesOf(dir, model).map(({ alias, version }) => [alias, version]),
    ),
    versions: versionIds(dir, model)
      .map((id) => describeVersion(dir, model, id))
      .toSorted((a, b) => (b.registration?.at ?? 0) - (a.registration?.at ?? 0))
      .map(({ id, manifest, registration }) => ({
        version: id,
        metrics: manifest.metrics ?? {},
        ...(registration !== undefined && { registeredAt: registration.at }),
      })),
  }))
  if (options.json) printJson('stepwell.models/1', { models })
  else if (models.length === 0) print('no models yet: a step with promoteModel registers one')
  else if (name === undefined) {
    print(
      renderTable(
        ['model', 'versions', 'aliases'],
        models.map(({ model, versions, aliases }) => [
          model,
          String(versions.length),
          Object.entries(aliases)
            .map(([alias, version]) => `${alias} ${version}`)
            .join(', '),
        ]),
      ),
    )
  } else {
    const rows = models.flatMap(({ versions, aliases }) =>
      versions.map(({ version, metrics, registeredAt }) => [
        version,
        aliasesAt(aliases, version).join(', '),
        registeredAt === undefined ? '-' : formatTime(registeredAt),
        metricsText(metrics),
      ]),
    )
    print(renderTable(['version', 'aliases', 'registered', 'metrics'], rows, ['registered']))
  }
  return EXIT.ok
}

/** Shows a version: what it takes and gives, how good it is, where it comes from, who moved its aliases. */
export async function showModel(ref: string, options: ModelOptions): Promise<ExitCode> {
  const dir = await registryOf(options)
  const { model, id } = resolveVersion(dir, parseModelRef(ref), 'champion')
  const version = describeVersion(dir, model, id)
  const project = resolve(dir, '..')
  let lineage = version.lineage
  if (lineage === undefined && existsSync(join(project, '.stepwell'))) {
    await using engine = await openEngine({ dir: project })
    lineage = await lineageOf(engine, version)
  }
  const aliases = aliasesOf(dir, model)
    .filter((each) => each.version === id)
    .map(({ alias }) => alias)
  const history = historyOf(dir, model)
  if (options.json) {
    const { manifest, registration } = version
    const { schema, metrics, gate, data, modelDigest } = manifest
    printJson('stepwell.model/1', {
      model,
      version: id,
      aliases,
      inputs: schema.inputs,
      output: schema.output,
      metrics: metrics ?? {},
      ...(gate !== null && { gate }),
      data,
      digest: modelDigest,
      ...(registration !== undefined && { registration }),
      ...(lineage !== undefined && { lineage }),
      history: history.map(({ version: to, previous, why, ...rest }) => ({
        ...rest,
        ...(to !== null && { version: to }),
        ...(previous !== null && { previous }),
        ...(why !== null && { why }),
      })),
    })
  } else print(versionPage(version, aliases, lineage, history))
  return EXIT.ok
}

/** Copies a version to a folder of its own. */
export async function exportModel(
  ref: string,
  folder: string,
  options: ModelOptions,
): Promise<ExitCode> {
  const dir = await registryOf(options)
  const { model, id } = resolveVersion(dir, parseModelRef(ref), 'champion')
  const to = resolve(options.cwd, folder)
  if (!exportVersion(dir, model, id, to)) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: `there is something in ${to} already`,
      hint: 'name another folder',
    })
  }
  if (options.json) printJson('stepwell.model-export/1', { model, version: id, folder: to })
  else print(`version ${id} of ${model} is in ${to}`)
  return EXIT.ok
}

/**
 * Whether there is such a model at all.
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_MODEL_NAME.
 */
export function requireModel(dir: string, model: string): void {
  const [id = '0'.repeat(16)] = versionIds(dir, requireModelName(model))
  resolveVersion(dir, { model, which: id }, id)
}

function aliasesAt(aliases: Readonly<Record<string, string>>, version: string): string[] {
  return Object.entries(aliases).flatMap(([alias, at]) => (at === version ? [alias] : []))
}
