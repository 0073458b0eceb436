import { isList, type DvcKey, type DvcValue } from '../value/value.ts'
import { locate } from './location.ts'
import type { OutKind, StageOut } from './stage.ts'
import { asMap, expectText, type Where } from './where.ts'

const PLOT_PROPS = ['template', 'x', 'y', 'x_label', 'y_label', 'title', 'header']

/** The outs of one list of a stage: of a path that stands there twice, the flags join. */
export function resolveOuts(
  value: DvcValue | undefined,
  kind: OutKind,
  at: { readonly offset: number },
  where: Where,
): StageOut[] {
  if (value === undefined || !isList(value)) return []
  const flags = new Map<string, Map<DvcKey, DvcValue>>()
  for (const item of value) {
    const listed =
      asMap(item) ?? new Map<DvcKey, DvcValue>([[expectText(item, at, where.yaml), new Map()]])
    for (const [key, given] of listed) {
      const path = expectText(key, at, where.yaml)
      flags.set(path, new Map([...(flags.get(path) ?? []), ...(asMap(given) ?? [])]))
    }
  }
  return [...flags].map(([path, given]) => outOf(path, given, kind, where))
}

function outOf(
  written: string,
  flags: ReadonlyMap<DvcKey, DvcValue>,
  kind: OutKind,
  where: Where,
): StageOut {
  const text = (name: string): string | undefined => {
    const value = flags.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const labels = flags.get('labels') ?? []
  const meta = flags.get('meta')
  const [remote, desc, type] = [text('remote'), text('desc'), text('type')]
  const plot = PLOT_PROPS.flatMap((name) => {
    const value = flags.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...locate(where.root, where.wdir, written),
    kind,
    cache: flags.get('cache') !== false,
    persist: flags.get('persist') === true,
    push: flags.get('push') !== false,
    ...(remote === undefined ? {} : { remote }),
    ...(desc === undefined ? {} : { desc }),
    ...(type === undefined ? {} : { type }),
    labels: isList(labels) ? labels.filter((label) => typeof label === 'string') : [],
    ...(meta === undefined ? {} : { meta }),
    ...(plot.length === 0 ? {} : { plot: new Map(plot) }),
  }
}
