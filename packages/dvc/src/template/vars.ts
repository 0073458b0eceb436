import { dvcError } from '../dvc-error.ts'
import type { YamlNode } from '../format/node.ts'
import { placeOf, type YamlText } from '../format/yaml.ts'
import { joinPath } from '../project/location.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import { isList, isMap, kindName, type DvcKey, type DvcValue } from '../value/value.ts'
import { ContextError, merge, type Context } from './context.ts'
import { isTemplate } from './template.ts'

const DEFAULT_FILE = 'params.yaml'

/** A list of `vars`, at the top of a file or in a stage. */
export interface VarsRequest {
  readonly yaml: YamlText
  readonly files: ProjectFiles
  /** What the paths are relative to, itself relative to the root. */
  readonly dir: string
  /** In messages: `vars`, or the name of the stage and `vars`. */
  readonly name: string
}

/**
 * A context with the `params.yaml` beside the file, if there is one.
 * @throws StepwellError STEPWELL_DVC_TEMPLATE, STEPWELL_DVC_PARAMS, STEPWELL_DVC_YAML
 */
export function withDefaultFile(context: Context, files: ProjectFiles, dir: string): Context {
  const path = joinPath(dir, DEFAULT_FILE)
  if (files.kind(path) === undefined) return context
  try {
    return withFile(context, files, dir, DEFAULT_FILE)
  } catch (error) {
    if (!(error instanceof ContextError)) throw error
    throw dvcError(path, { code: 'STEPWELL_DVC_TEMPLATE', summary: error.message })
  }
}

/**
 * A context with what a list of `vars` names.
 * @throws StepwellError STEPWELL_DVC_TEMPLATE naming the place of the entry
 */
export function withVars(context: Context, vars: YamlNode, request: VarsRequest): Context {
  if (vars.kind !== 'list') return context
  let filled = context
  for (const [index, node] of vars.items.entries()) {
    try {
      if (holdsTemplate(node.value)) throw new ContextError('there is no ${...} in vars')
      if (typeof node.value === 'string') {
        filled = withFile(filled, request.files, request.dir, node.value)
      } else if (isMap(node.value)) {
        filled = merge(filled, node.value, `${request.name}[${index}]`)
      }
    } catch (error) {
      if (!(error instanceof ContextError)) throw error
      throw dvcError(placeOf(request.yaml, node), {
        code: 'STEPWELL_DVC_TEMPLATE',
        summary: error.message,
        hint: 'expected each value to be defined once',
      })
    }
  }
  return filled
}

// `path`, or `path:key,key` for some of its members.
function withFile(context: Context, files: ProjectFiles, dir: string, item: string): Context {
  const colon = item.indexOf(':')
  const path = joinPath(dir, colon === -1 ? item : item.slice(0, colon))
  const listed =
    colon === -1
      ? []
      : item
          .slice(colon + 1)
          .split(',')
          .filter((key) => key !== '')
  const before = context.files.get(path)
  if (before !== undefined) {
    if (listed.length === 0 && before === 'all') return context
    if (listed.length === 0) {
      throw new ContextError(`cannot load '${item}' as it is partially loaded already`)
    }
    if (before === 'all') {
      throw new ContextError(`cannot partially load '${item}' as it is already loaded`)
    }
    if (listed.some((key) => before.includes(key))) {
      throw new ContextError(`cannot load '${item}' as it is partially loaded already`)
    }
  }
  const kind = files.kind(path)
  if (kind !== 'file')
    throw new ContextError(`'${path}' ${kind === undefined ? 'does not exist' : 'is no file'}`)
  const content = files.params(path) ?? null
  if (!isMap(content)) {
    throw new ContextError(`expected a map in the file '${path}', found ${kindName(content)}`)
  }
  const chosen = new Map<DvcKey, DvcValue>()
  for (const key of listed) {
    const value = content.get(key)
    if (value === undefined) throw new ContextError(`could not find '${key}' in '${path}'`)
    chosen.set(key, value)
  }
  const filled = merge(context, listed.length === 0 ? content : chosen, path)
  const loaded = listed.length === 0 ? 'all' : [...(before ?? []), ...listed]
  return { ...filled, files: new Map([...context.files, [path, loaded]]) }
}

function holdsTemplate(value: DvcValue): boolean {
  if (typeof value === 'string') return isTemplate(value)
  if (isList(value)) return value.some(holdsTemplate)
  if (!isMap(value)) return false
  return [...value].some(
    ([key, item]) => (typeof key === 'string' && isTemplate(key)) || holdsTemplate(item),
  )
}
