import type { ProjectFiles } from '../project/project-files.ts'
import type { StageParams } from '../project/stage.ts'
import { dvcError } from '../dvc-error.ts'
import { isList, isMap, kindName, type DvcKey, type DvcMap, type DvcValue } from '../value/value.ts'
import { pythonText } from '../value/text.ts'

/** What a file of params holds now: `undefined` where there is no such file. */
export interface ParamValues {
  readonly found: DvcMap | undefined
  /** Keys that the stage names and the file lacks. */
  readonly missing: readonly string[]
}

/**
 * The values of the params that a stage reads from a file.
 * @throws StepwellError STEPWELL_DVC_PARAMS, STEPWELL_DVC_YAML where the file cannot be read
 */
export function paramValues(params: StageParams, files: ProjectFiles): ParamValues {
  const { location } = params
  if (location.kind === 'remote') {
    throw dvcError(location.url, {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: 'params at a URL are not supported',
      hint: 'expected a file of the project',
    })
  }
  if (files.kind(location.path) === 'dir') {
    throw dvcError(location.path, {
      code: 'STEPWELL_DVC_PARAMS',
      summary: 'it is a directory',
      hint: 'expected a file of params',
    })
  }
  const content = files.params(location.path)
  if (content === undefined) {
    return { found: undefined, missing: params.keys === 'all' ? [] : params.keys }
  }
  if (params.keys === 'all') return { found: mapAt(location.path, content), missing: [] }
  const found = new Map<DvcKey, DvcValue>()
  const missing: string[] = []
  for (const key of params.keys) {
    const value = valueAt(content, key, location.path)
    if (value === undefined) missing.push(key)
    else found.set(key, value)
  }
  return { found, missing }
}

function mapAt(path: string, content: DvcValue): DvcMap {
  if (isMap(content)) return content
  throw dvcError(path, {
    code: 'STEPWELL_DVC_PARAMS',
    summary: `it holds ${kindName(content)}`,
    hint: 'expected a map of params',
  })
}

// Each part of a key is the name of a member, or the index of an item.
function valueAt(content: DvcValue, key: string, path: string): DvcValue | undefined {
  if (/[*?[]/.test(key)) {
    throw dvcError(path, {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: `a pattern as the name of a param is not supported: '${key}'`,
      hint: 'expected the name itself',
    })
  }
  let value: DvcValue | undefined = content
  for (const part of key.replace(/^\.+|\.+$/g, '').split('.')) {
    if (value === undefined) return undefined
    if (isMap(value)) value = memberOf(value, part)
    else if (isList(value)) value = /^\d+$/.test(part) ? value[Number(part)] : undefined
    else return undefined
  }
  return value
}

function memberOf(map: DvcMap, name: string): DvcValue | undefined {
  const value = map.get(name)
  if (value !== undefined) return value
  for (const [key, member] of map) if (pythonText(key) === name) return member
  return undefined
}
