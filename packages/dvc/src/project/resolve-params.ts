import { isList, type DvcValue } from '../value/value.ts'
import { locate } from './location.ts'
import type { StageParams } from './stage.ts'
import { asMap, expectText, type Where } from './where.ts'

const DEFAULT_FILE = 'params.yaml'

/** The params of a stage by file: names alone are keys of `params.yaml`. Keys of one file join. */
export function resolveParams(
  value: DvcValue | undefined,
  at: { readonly offset: number },
  where: Where,
): StageParams[] {
  if (value === undefined || !isList(value)) return []
  const files = new Map<string, string[]>()
  const wholly = new Set<string>()
  const add = (file: string, keys: readonly string[]): void => {
    files.set(file, [...(files.get(file) ?? []), ...keys])
  }
  for (const item of value) {
    const listed = asMap(item)
    if (listed === undefined) {
      add(DEFAULT_FILE, [expectText(item, at, where.yaml)])
      continue
    }
    for (const [file, keys] of listed) {
      const texts = isList(keys ?? []) ? (keys as readonly DvcValue[] | null) : [keys]
      const names = (texts ?? []).map((key) => expectText(key, at, where.yaml))
      // A file without keys is tracked as a whole, and then its keys are nothing of their own.
      if (names.length === 0) wholly.add(expectText(file, at, where.yaml))
      add(expectText(file, at, where.yaml), names)
    }
  }
  return [...files].map(([file, keys]) => ({
    ...locate(where.root, where.wdir, file),
    keys: wholly.has(file) ? 'all' : keys,
  }))
}
