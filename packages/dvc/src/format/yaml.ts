import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { dvcError } from '../dvc-error.ts'
import { placeAt, type Place } from '../place.ts'
import { sameKey } from '../value/equal.ts'
import { isScalar as isKey, type DvcKey, type DvcValue } from '../value/value.ts'
import type { YamlEntry, YamlNode } from './node.ts'
import { plainScalar } from './yaml-scalar.ts'

/** A YAML file that was read: its content with positions, or `undefined` where it has none. */
export interface YamlText {
  readonly file: string
  readonly root: YamlNode | undefined
  /** The line and the column of an offset, both from 1. */
  readonly lineAt: (offset: number) => { readonly line: number; readonly col: number }
}

export function placeOf(yaml: YamlText, { offset }: { readonly offset: number }): Place {
  const { line, col } = yaml.lineAt(offset)
  return { file: yaml.file, line, column: col }
}

/**
 * Reads YAML as DVC does, which has ruamel read YAML 1.2.
 * @throws StepwellError STEPWELL_DVC_YAML naming file, line and column
 */
export function parseYaml(file: string, text: string): YamlText {
  const lines = new LineCounter()
  // All scalars are left as text: what a plain one means is decided as ruamel does.
  const document = parseDocument(text, {
    schema: 'failsafe',
    version: '1.2',
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  const [error] = document.errors
  if (error !== undefined) {
    const message = error.code === 'MULTIPLE_DOCS' ? 'there is a second document' : error.message
    throw dvcError(placeAt(file, text, error.pos[0]), {
      code: 'STEPWELL_DVC_YAML',
      summary: `the YAML cannot be read: ${message}`,
      hint: /^(?:[<=>]{7})/m.test(text) ? 'expected no marks of a merge conflict' : undefined,
    })
  }
  const directives = document.directives?.yaml
  if (directives?.explicit === true && directives.version !== '1.2') {
    throw dvcError(placeAt(file, text, 0), {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: `%YAML ${directives.version} is not supported`,
      hint: 'expected YAML 1.2',
    })
  }
  const reader = new NodeReader(file, text, document)
  const root = document.contents === null ? undefined : reader.read(document.contents)
  return { file, root, lineAt: (offset) => lines.linePos(offset) }
}

class NodeReader {
  readonly #file: string
  readonly #text: string
  readonly #document: Document.Parsed
  // One object for all uses of an anchor: DVC writes such values with anchors, too.
  readonly #anchored = new Map<Node, YamlNode>()

  constructor(file: string, text: string, document: Document.Parsed) {
    this.#file = file
    this.#text = text
    this.#document = document
  }

  read(node: Node): YamlNode {
    if (isAlias(node)) {
      const target = node.resolve(this.#document)
      const known = target === undefined ? undefined : this.#anchored.get(target)
      if (known === undefined) this.#fail(node, 'an alias names no anchor before it')
      return known
    }
    const read = this.#build(node)
    if ('anchor' in node && node.anchor !== undefined) this.#anchored.set(node, read)
    return read
  }

  #build(node: Node): YamlNode {
    const offset = node.range?.[0] ?? 0
    if (isScalar(node)) return { kind: 'scalar', offset, value: this.#scalar(node) }
    if (node.tag !== undefined && !/^tag:yaml.org,2002:(?:map|seq)$/.test(node.tag)) {
      this.#fail(node, `the tag ${node.tag} is not supported`)
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item as Node))
      return { kind: 'list', offset, items, value: items.map((item) => item.value) }
    }
    if (!isMap(node)) this.#fail(node, 'expected a map, a list or a value')
    return this.#map(node, offset)
  }

  #map(node: YAMLMap, offset: number): YamlNode {
    const own: YamlEntry[] = []
    const merged: YamlEntry[] = []
    const seen = new Set<unknown>()
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      const end = key.range?.[1] ?? offset
      const read: YamlNode =
        value === null ? { kind: 'scalar', offset: end, value: null } : this.read(value)
      if (isScalar(key) && key.value === '<<' && key.type === 'PLAIN') {
        merged.push(...this.#mergedEntries(key, read))
        continue
      }
      const name = this.read(key)
      if (!isKey(name.value)) this.#fail(key, 'expected a single value as the key of a map')
      if (seen.has(sameKey(name.value))) {
        this.#fail(key, `the key '${String(name.value)}' is there twice`, 'expected each key once')
      }
      seen.add(sameKey(name.value))
      own.push({ key: name.value, offset: name.offset, node: read })
    }
    const entries = merged.length === 0 ? own : overlay([...merged, ...own])
    const pairs = entries.map((entry) => [entry.key, entry.node.value] as const)
    return { kind: 'map', offset, entries, value: new Map<DvcKey, DvcValue>(pairs) }
  }

  #mergedEntries(key: Node, value: YamlNode): readonly YamlEntry[] {
    if (value.kind === 'map') return value.entries
    if (value.kind === 'list' && value.items.every((item) => item.kind === 'map')) {
      // The first of several maps decides.
      return value.items.toReversed().flatMap((item) => (item.kind === 'map' ? item.entries : []))
    }
    return this.#fail(key, 'expected a map, or a list of maps, behind the merge key <<')
  }

  #scalar(node: Scalar): DvcValue {
    const text = node.source ?? String(node.value)
    switch (node.tag) {
      case undefined:
        if (node.type !== 'PLAIN') return String(node.value)
        if (text === '<<' || text === '=')
          this.#fail(node, `a plain ${text} is not a value`, 'expected quotes around it')
        return plainScalar(text)
      case 'tag:yaml.org,2002:str':
      case '!':
        return text
      case 'tag:yaml.org,2002:int':
      case 'tag:yaml.org,2002:bool':
      case 'tag:yaml.org,2002:null':
        return plainScalar(text)
      case 'tag:yaml.org,2002:float': {
        const value = plainScalar(text)
        return typeof value === 'bigint' ? Number(value) : value
      }
      default:
        return this.#fail(node, `the tag ${node.tag} is not supported`)
    }
  }

  #fail(node: Node, what: string, todo?: string): never {
    const place = placeAt(this.#file, this.#text, node.range?.[0] ?? 0)
    throw dvcError(place, { code: 'STEPWELL_DVC_YAML', summary: what, hint: todo })
  }
}

// The last entry with a key counts, at the place of the first.
function overlay(entries: readonly YamlEntry[]): readonly YamlEntry[] {
  return [...new Map(entries.map((entry) => [entry.key, entry])).values()]
}
