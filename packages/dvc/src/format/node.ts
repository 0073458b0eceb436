import type { DvcKey, DvcMap, DvcValue } from '../value/value.ts'

/** A piece of a YAML text, with the offset at which it begins. */
export type YamlNode = YamlScalar | YamlList | YamlMap

export interface YamlScalar {
  readonly kind: 'scalar'
  readonly offset: number
  readonly value: DvcValue
}

export interface YamlList {
  readonly kind: 'list'
  readonly offset: number
  readonly items: readonly YamlNode[]
  readonly value: readonly DvcValue[]
}

export interface YamlMap {
  readonly kind: 'map'
  readonly offset: number
  readonly entries: readonly YamlEntry[]
  readonly value: DvcMap
}

export interface YamlEntry {
  readonly key: DvcKey
  readonly offset: number
  readonly node: YamlNode
}

/** The node under a key of a map. */
export function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node?.kind !== 'map') return undefined
  return node.entries.find((entry) => entry.key === key)?.node
}
