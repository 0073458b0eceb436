import { contentsOf, type Content } from '../content/content.ts'
import type { Stage } from '../project/stage.ts'
import { anyText } from '../value/text.ts'
import { byCodePoint } from '../value/order.ts'
import { isList, isMap, type DvcKey, type DvcMap, type DvcValue } from '../value/value.ts'

/** What `dvc.lock` records of a stage. */
export interface LockEntry {
  readonly cmd: string | readonly string[]
  /** By the path as it is written in the stage. */
  readonly deps: ReadonlyMap<string, Content>
  /** File -> key -> value. */
  readonly params: ReadonlyMap<string, DvcMap>
  readonly outs: ReadonlyMap<string, Content>
}

const DEFAULT_FILE = 'params.yaml'

/** The entry in the value of a stage in `dvc.lock`, which was checked. */
export function lockEntryOf(value: DvcMap): LockEntry {
  const cmd = value.get('cmd') ?? ''
  const params = value.get('params')
  const files = params !== undefined && isMap(params) ? [...params] : []
  return {
    cmd: isList(cmd) ? cmd.map(anyText) : anyText(cmd),
    deps: contentsOf(value.get('deps')),
    params: new Map(
      files.flatMap(([file, keys]) => (isMap(keys) ? [[String(file), keys] as const] : [])),
    ),
    outs: contentsOf(value.get('outs')),
  }
}

/** The value of a stage in `dvc.lock`, with all in the order in which DVC writes it. */
export function lockValueOf(entry: LockEntry): DvcMap {
  const value = new Map<DvcKey, DvcValue>([['cmd', entry.cmd]])
  if (entry.deps.size > 0) value.set('deps', entriesOf(entry.deps))
  if (entry.params.size > 0) value.set('params', paramsOf(entry.params))
  if (entry.outs.size > 0) value.set('outs', entriesOf(entry.outs))
  return value
}

/** The entry of a stage whose deps, params and outs were measured; what is missing is left out. */
export function lockEntryFor(
  stage: Stage,
  measured: Pick<LockEntry, 'deps' | 'params' | 'outs'>,
): LockEntry {
  return { cmd: stage.cmd, ...measured }
}

function entriesOf(contents: ReadonlyMap<string, Content>): DvcValue {
  return [...contents]
    .toSorted(([one], [other]) => byCodePoint(one, other))
    .map(([path, content]) => entryOf(path, content))
}

function entryOf(path: string, content: Content): DvcMap {
  const fields: readonly (readonly [string, DvcValue | undefined])[] = [
    ['path', path],
    ['hash', content.hash],
    ['md5', content.md5],
    ['size', content.size === undefined ? undefined : BigInt(content.size)],
    ['nfiles', content.nfiles === undefined ? undefined : BigInt(content.nfiles)],
    ['isexec', content.isexec],
    ['version_id', content.versionId],
    ['etag', content.etag],
    ['checksum', content.checksum],
  ]
  const entry = new Map<DvcKey, DvcValue>()
  for (const [name, value] of fields) if (value !== undefined) entry.set(name, value)
  return new Map([...entry, ...content.other])
}

function paramsOf(params: ReadonlyMap<string, DvcMap>): DvcMap {
  const rank = (file: string): number => (file === DEFAULT_FILE ? 0 : 1)
  const files = [...params].toSorted(
    ([one], [other]) => rank(one) - rank(other) || byCodePoint(one, other),
  )
  return new Map(
    files.map(([file, keys]) => {
      const sorted = [...keys].toSorted(([one], [other]) => byCodePoint(String(one), String(other)))
      return [file, new Map(sorted)]
    }),
  )
}
