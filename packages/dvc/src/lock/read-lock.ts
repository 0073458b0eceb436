import { adviceOf } from '@stepwell/base/errors'
import { dvcError } from '../dvc-error.ts'
import { parseYaml, type YamlText } from '../format/yaml.ts'
import { joinPath } from '../project/location.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import { DVC_LOCK } from '../shape/dvc-lock.ts'
import { check } from '../shape/shape.ts'
import { isMap, type DvcMap } from '../value/value.ts'
import { lockEntryOf, type LockEntry } from './lock-entry.ts'
import { cutLock } from './lock-text.ts'

/** The `dvc.lock` beside a `dvc.yaml`. */
export function lockFileOf(file: string): string {
  return joinPath(file, '..', 'dvc.lock')
}

/**
 * The entries of a `dvc.lock` by the names of the stages; none where there is no such file.
 * @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_LOCK naming file, line and column
 */
export function readLock(file: string, files: ProjectFiles): ReadonlyMap<string, LockEntry> {
  const text = files.text(file)
  if (text === undefined || text.trim() === '') return new Map()
  return new Map(
    [...lockValues(file, text)].map(([name, value]) => [name, lockEntryOf(value)] as const),
  )
}

/** @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_LOCK naming file, line and column */
export function lockValues(file: string, text: string): ReadonlyMap<string, DvcMap> {
  const cut = cutLock(file, text)
  if (
    cut !== undefined &&
    isFrame(file, `${cut.head.replace(/^stages:$/m, 'stages: {}')}${cut.tail}`) &&
    cut.entries.every(({ value }) => isSound(value))
  ) {
    const names = new Map(cut.entries.map(({ name, value }) => [name, value]))
    if (names.size === cut.entries.length) return names
  }
  // Whatever is odd is read as a whole, for a message with its place.
  const yaml = parseYaml(file, text)
  checked(yaml)
  const root = yaml.root?.value ?? null
  const stages = isMap(root) ? root.get('stages') : undefined
  const entries = stages !== undefined && isMap(stages) ? [...stages] : []
  return new Map(entries.flatMap(([name, value]) => (isMap(value) ? [[String(name), value]] : [])))
}

function checked(yaml: YamlText): void {
  if (yaml.root === undefined) return
  try {
    check(yaml.root, DVC_LOCK, yaml, 'the file')
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw dvcError(adviceOf(error), {
      code: 'STEPWELL_DVC_LOCK',
      summary: 'this is not a dvc.lock of DVC 3',
      hint: 'restore the file from Git, or remove it: all stages then run again',
      cause: error,
    })
  }
}

// What is around the entries is little, and is looked at in full.
function isFrame(file: string, text: string): boolean {
  try {
    checked(parseYaml(file, text))
    return true
  } catch {
    return false
  }
}

const FIELDS = new Set<unknown>(['cmd', 'deps', 'params', 'outs'])

// What the shape asks for, asked of the values alone.
function isSound(value: DvcMap): boolean {
  if ([...value.keys()].some((key) => !FIELDS.has(key))) return false
  const cmd = value.get('cmd')
  if (typeof cmd !== 'string' && !Array.isArray(cmd)) return false
  const lists = [value.get('deps') ?? [], value.get('outs') ?? []]
  const sound = lists.every(
    (list) =>
      Array.isArray(list) &&
      list.every((entry) => isMap(entry) && typeof entry.get('path') === 'string'),
  )
  const params = value.get('params') ?? new Map()
  return sound && isMap(params) && [...params.values()].every((keys) => isMap(keys))
}
