import { extname } from 'node:path'
import { dvcError } from '../dvc-error.ts'
import { parseJson } from '../format/json.ts'
import { parseToml } from '../format/toml.ts'
import { parseYaml } from '../format/yaml.ts'
import { pythonText } from '../value/text.ts'
import { isList, isMap, type DvcValue } from '../value/value.ts'
import type { Columns } from './columns.ts'
import { readSeparated } from './separated.ts'

/** Which files hold data points. */
export function isData(path: string): boolean {
  return DATA.has(extname(path).toLowerCase())
}

const DATA = new Set(['.csv', '.tsv', '.json', '.yaml', '.yml', '.toml'])

/**
 * The data points of a file, as DVC finds them: the rows of a table, or the lists of maps in a document.
 * @throws StepwellError STEPWELL_DVC_PLOT, STEPWELL_DVC_PARAMS, STEPWELL_DVC_YAML
 */
export function readColumns(file: string, text: string, header: boolean): Columns {
  switch (extname(file).toLowerCase()) {
    case '.csv':
      return readSeparated(text, ',', header)
    case '.tsv':
      return readSeparated(text, '\t', header)
    case '.json':
      return columnsOf(file, parseJson(file, text))
    case '.yaml':
    case '.yml':
      return columnsOf(file, parseYaml(file, text).root?.value ?? null)
    case '.toml':
      return columnsOf(file, parseToml(file, text))
    default:
      throw dvcError(file, {
        code: 'STEPWELL_DVC_PLOT',
        summary: 'this is not data that can be drawn',
        hint: 'expected CSV, TSV, JSON, YAML or an image',
      })
  }
}

function columnsOf(file: string, content: DvcValue): Columns {
  const fields = new Map<string, (DvcValue | undefined)[]>()
  let length = 0
  let lastField: string | undefined
  let isFirst = true
  for (const list of listsIn(content)) {
    const maps = list.filter(isMap)
    const [first] = maps
    if (first === undefined || maps.length !== list.length) continue
    if (isFirst) lastField = [...first.keys()].map(pythonText).at(-1)
    isFirst = false
    // Points that have other fields than the first are no table.
    if (maps.some((map) => [...map.keys()].some((key) => !first.has(key)))) continue
    length = Math.max(length, maps.length)
    for (const [index, map] of maps.entries()) {
      for (const [key, value] of map) {
        const name = pythonText(key)
        const column = fields.get(name) ?? []
        column[index] = value
        fields.set(name, column)
      }
    }
  }
  if (fields.size > 0) return { length, fields, lastField }
  throw dvcError(file, {
    code: 'STEPWELL_DVC_PLOT',
    summary: 'there are no data points in it',
    hint: 'expected a list of maps that have the same keys',
  })
}

function* listsIn(value: DvcValue): Generator<readonly DvcValue[]> {
  if (isList(value)) yield value
  else if (isMap(value)) for (const member of value.values()) yield* listsIn(member)
}
