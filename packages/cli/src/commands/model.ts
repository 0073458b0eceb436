import { openEngine, StepwellError } from '@stepwell/engine'
import {
  aliasesOf,
  describeVersion,
  exportVersion,
  historyOf,
  modelNames,
  parseModelRef,
  resolveVersion,
  versionIds,
} from '@stepwell/registry'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { registryOf, requireModel, type ModelOptions } from './registry.ts'
import { type MoveOptions, promote, removeAlias, rollback } from './move-alias.ts'
import type { Command } from '../commander.ts'
import type { Cli } from '../cli.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { renderTable } from '../ui/table.ts'
import { formatTime } from '../ui/text.ts'
import { metricsText, versionPage } from '../ui/version-page.ts'
import { lineageOf } from './lineage.ts'
import { print, printJson } from './project.ts'

/** Adds `stepwell model`. */
export function register({ command, exit }: Cli): void {
  const model = command('model', 'the registered models: their versions, and where aliases point')
    .option('--dir <folder>', 'the folder of the registry (default: models in the project)')
    .option('--json', 'print JSON')
  model
    .command('list')
    .alias('ls')
    .description('list the models, or the versions of one')
    .argument('[model]', 'name of a model')
    .action(async (name: string | undefined, _: unknown, list: Command) =>
      exit(await listModels(name, list.optsWithGlobals<ModelOptions>())),
    )
  model
    .command('show')
    .description('show a version: its inputs, its metrics, its lineage, and all moves of aliases')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .action(async (ref: string, _: unknown, show: Command) =>
      exit(await showModel(ref, show.optsWithGlobals<ModelOptions>())),
    )
  const because = ['--because <why>', 'the reason, kept in the history'] as const
  model
    .command('promote')
    .description('make a version the champion')
    .argument('<model>', 'name of a model, with @alias or @version (default: @challenger)')
    .option('--alias <alias>', 'the alias to move', 'champion')
    .option(...because)
    .action(async (ref: string, _: unknown, move: Command) =>
      exit(await promote(ref, move.optsWithGlobals<MoveOptions>())),
    )
  model
    .command('rollback')
    .description('move an alias back to the version that it had before')
    .argument('<model>', 'name of a model')
    .option('--alias <alias>', 'the alias to move', 'champion')
    .option(...because)
    .action(async (name: string, _: unknown, move: Command) =>
      exit(await rollback(name, move.optsWithGlobals<MoveOptions>())),
    )
  model
    .command('alias')
    .description('set an alias, or remove it')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .argument('<alias>', 'name of the alias')
    .option('--remove', 'let it point to nothing')
    .option(...because)
    .action(async (ref: string, alias: string, _: unknown, move: Command) => {
      const options = move.optsWithGlobals<MoveOptions & { remove?: boolean }>()
      const named = ref.includes('@') ? ref : `${ref}@champion`
      const how = { ...options, alias }
      exit(await (options.remove ? removeAlias(ref, how) : promote(named, how)))
    })
  model
    .command('export')
    .description('copy a version to a folder')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .argument('<folder>', 'an empty folder')
    .action(async (ref: string, folder: string, _: unknown, copy: Command) =>
      exit(await exportModel(ref, folder, copy.optsWithGlobals<ModelOptions>())),
    )
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

function aliasesAt(aliases: Readonly<Record<string, string>>, version: string): string[] {
  return Object.entries(aliases).flatMap(([alias, at]) => (at === version ? [alias] : []))
}
