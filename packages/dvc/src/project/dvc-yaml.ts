import { dvcError } from '../dvc-error.ts'
import { child, type YamlEntry, type YamlNode } from '../format/node.ts'
import { parseYaml, placeOf } from '../format/yaml.ts'
import { check } from '../shape/shape.ts'
import { DVC_YAML } from '../shape/dvc-yaml.ts'
import { EMPTY_CONTEXT, type Context } from '../template/context.ts'
import { foreachMembers, matrixMembers, type Member } from '../template/expand.ts'
import { resolveNode } from '../template/resolve.ts'
import { withDefaultFile, withVars } from '../template/vars.ts'
import type { FlagStyle } from '../value/flags.ts'
import { isList, isMap, type DvcMap, type DvcValue } from '../value/value.ts'
import { joinPath } from './location.ts'
import type { ProjectFiles } from './project-files.ts'
import { resolveStage, type StageRequest } from './resolve-stage.ts'
import type { Stage } from './stage.ts'

/** A `dvc.yaml`, with all templates resolved. */
export interface DvcYaml {
  /** Relative to the root. */
  readonly file: string
  readonly stages: readonly Stage[]
  /** What only `show` and `diff` read. Paths are relative to the file. */
  readonly params: readonly string[]
  readonly metrics: readonly string[]
  readonly plots: readonly DvcValue[]
  readonly artifacts: DvcMap
}

/**
 * Reads a `dvc.yaml`.
 * @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_TEMPLATE, STEPWELL_DVC_PARAMS,
 *   STEPWELL_DVC_UNSUPPORTED, each naming file, line and column
 */
export function readDvcYaml(file: string, files: ProjectFiles, flags: FlagStyle): DvcYaml {
  const yaml = parseYaml(file, files.text(file) ?? '')
  const root: YamlNode = yaml.root ?? { kind: 'map', offset: 0, entries: [], value: new Map() }
  if (root.value === null) return readDvcYamlOf(file, [], () => null)
  check(root, DVC_YAML, yaml, 'the file')
  const datasets = child(root, 'datasets')
  if (datasets !== undefined) {
    throw dvcError(placeOf(yaml, datasets), {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: 'datasets are not supported',
      hint: 'expected data as files, directories or URLs in deps',
    })
  }

  const dir = joinPath(file, '..')
  const resolving = { yaml, flags }
  const vars = child(root, 'vars')
  let context: Context = withDefaultFile(EMPTY_CONTEXT, files, dir)
  if (vars !== undefined) context = withVars(context, vars, { yaml, files, dir, name: 'vars' })

  const stages = child(root, 'stages')
  const entries = stages?.kind === 'map' ? stages.entries : []
  const resolved = entries.flatMap((entry) => {
    const request = { ...resolving, files, file, dir, offset: entry.offset }
    return stagesOf(entry, context, request)
  })
  return readDvcYamlOf(file, resolved, (key) => {
    const node = child(root, key)
    return node === undefined ? null : resolveNode(node, context, 'any', resolving)
  })
}

function readDvcYamlOf(
  file: string,
  stages: readonly Stage[],
  top: (key: string) => DvcValue,
): DvcYaml {
  const list = (key: string): readonly DvcValue[] => {
    const value = top(key)
    return isList(value) ? value : []
  }
  const texts = (key: string): readonly string[] =>
    list(key).filter((item) => typeof item === 'string')
  const artifacts = top('artifacts')
  return {
    file,
    stages,
    params: texts('params'),
    metrics: texts('metrics'),
    plots: list('plots'),
    artifacts: isMap(artifacts) ? artifacts : new Map(),
  }
}

function stagesOf(
  { key, node }: YamlEntry,
  context: Context,
  request: Omit<StageRequest, 'name'>,
): Stage[] {
  const name = String(key)
  // DVC takes what is behind the last @ for the name of a member.
  const findable = (full: string, own: string): void => {
    if (!own.includes('@')) return
    throw dvcError(placeOf(request.yaml, request), {
      code: 'STEPWELL_DVC_YAML',
      summary: `the stage '${full}' cannot be found by its name`,
      hint: 'expected no @ in the name of a stage, nor in a value behind foreach and matrix',
    })
  }
  const foreach = child(node, 'foreach')
  const matrix = child(node, 'matrix')
  const template = foreach === undefined ? node : child(node, 'do')
  const over = foreach ?? matrix
  if (over === undefined || template === undefined) {
    findable(name, name)
    return [resolveStage(node, context, { ...request, name })]
  }
  const members: readonly Member[] =
    foreach === undefined
      ? matrixMembers(over, context, request)
      : foreachMembers(over, context, request)
  return members.map((member) => {
    const full = `${name}@${member.key}`
    findable(full, member.key)
    return resolveStage(template, member.context, { ...request, name: full, group: name })
  })
}
