import { extname } from 'node:path'
import type { DvcValue } from '../value/value.ts'
import { parseJson } from './json.ts'
import { readPlainYaml } from './plain-yaml.ts'
import { parsePython } from './python.ts'
import { parseToml } from './toml.ts'
import { parseYaml } from './yaml.ts'

/**
 * Reads a file of params or template values by its suffix: `.json`, `.toml`, `.py`; all else is YAML.
 * @throws StepwellError STEPWELL_DVC_PARAMS, STEPWELL_DVC_YAML naming file, line and column
 */
export function parseParamsFile(file: string, text: string): DvcValue {
  switch (extname(file).toLowerCase()) {
    case '.json':
      return parseJson(file, text)
    case '.toml':
      return parseToml(file, text)
    case '.py':
      return parsePython(text)
    default:
      return yamlValue(file, text)
  }
}

// As in DVC, whatever counts as false in Python is an empty file.
function yamlValue(file: string, text: string): DvcValue {
  const value = readPlainYaml(text) ?? parseYaml(file, text).root?.value ?? null
  const nothing = value === null || value === false || value === '' || value === 0n || value === 0
  return nothing || (Array.isArray(value) && value.length === 0) ? new Map() : value
}
