import { anyText, floatText } from '../value/text.ts'
import { isList, isMap, type DvcMap, type DvcValue } from '../value/value.ts'
import { isMultiline } from './scalar-style.ts'
import { TextWriter } from './yaml-text-writer.ts'

// The longest key that stands on one line with its value.
const MOST_KEY = 128

/** Writes a map as DVC writes YAML, each line indented by `indent` at least. */
export function writeYaml(map: DvcMap, indent = 0): string {
  const writer = new YamlWriter(anchorsIn(map))
  writer.map(map, indent)
  return writer.text()
}

class YamlWriter {
  readonly #texts = new TextWriter()
  // Whether what follows may stand right here: a line or an item has just begun.
  #fresh = true
  readonly #anchors: ReadonlyMap<DvcValue, string>
  readonly #written = new Set<DvcValue>()

  constructor(anchors: ReadonlyMap<DvcValue, string>) {
    this.#anchors = anchors
  }

  text(): string {
    const text = this.#texts.text()
    return text === '' ? '' : `${text}\n`
  }

  map(map: DvcMap, indent: number): void {
    for (const [key, value] of map) {
      this.#line(indent)
      const name = Array.from(keyText(key))
      if (isSimple(name, key)) {
        this.#scalar(key, indent, false)
        this.#texts.write(':')
        this.#value(value, indent, 'key')
      } else {
        this.#texts.write('?')
        this.#fresh = true
        this.#texts.pad(indent + 2)
        this.#scalar(key, indent, true)
        this.#fresh = false
        this.#line(indent)
        this.#texts.write(':')
        this.#fresh = true
        this.#value(value, indent, ':')
      }
      this.#fresh = false
    }
  }

  // A block may begin on this line, behind a `-` or a `:` that is alone.
  #value(value: DvcValue, indent: number, behind: 'key' | '-' | ':'): void {
    const inline = behind !== 'key'
    const anchor = this.#anchors.get(value)
    if (anchor !== undefined && this.#written.has(value)) return this.#texts.write(` *${anchor}`)
    let here = inline
    if (anchor !== undefined) {
      this.#written.add(value)
      this.#texts.write(` &${anchor}`)
      this.#fresh = false
      here = false
    }
    if (isList(value)) {
      if (value.length === 0) return this.#texts.write(' []')
      return this.#list(value, here ? indent + 2 : indent)
    }
    if (isMap(value)) {
      if (value.size === 0) return this.#texts.write(' {}')
      return this.map(value, indent + 2)
    }
    this.#blankedScalar(value, indent, behind === '-')
  }

  #list(list: readonly DvcValue[], indent: number): void {
    for (const item of list) {
      this.#line(indent)
      this.#texts.write('-')
      this.#fresh = true
      this.#value(item, indent, '-')
      this.#fresh = false
    }
  }

  #blankedScalar(value: DvcValue, indent: number, inline: boolean): void {
    if (inline) this.#texts.pad(indent + 2)
    if (value === null) return
    if (typeof value === 'object' && 'kind' in value && value.kind === 'set') {
      this.#texts.write(inline ? '!!set' : ' !!set')
      this.#fresh = false
      if (value.items.length === 0) return this.#texts.write(' {}')
      for (const item of value.items) {
        this.#line(indent + 2)
        this.#texts.write('? ')
        this.#scalar(item, indent + 2, true)
      }
      return
    }
    if (!inline) this.#texts.write(' ')
    this.#scalar(value, indent, true)
  }

  #scalar(value: DvcValue, indent: number, split: boolean): void {
    if (typeof value !== 'string')
      return this.#texts.plain(Array.from(keyText(value)), indent + 2, split)
    this.#texts.styled(Array.from(value), indent + 2, split)
  }

  #line(indent: number): void {
    if (this.#fresh && this.#texts.column <= indent) this.#texts.pad(indent)
    else this.#texts.wrap(indent)
    this.#fresh = false
  }
}

function keyText(value: DvcValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return '.nan'
    return Number.isFinite(value) ? floatText(value) : value > 0 ? '.inf' : '-.inf'
  }
  return typeof value === 'object' ? anyText(value) : String(value)
}

// The length counts the tag, which is not written: `!!str` and so on.
function isSimple(text: readonly string[], key: DvcValue): boolean {
  const tag =
    typeof key === 'string' || typeof key === 'bigint' ? 5 : typeof key === 'number' ? 7 : 6
  return text.length + tag < MOST_KEY && !isMultiline(text)
}

// A list or a map that stands in several places is written once, and named in the others.
function anchorsIn(map: DvcMap): ReadonlyMap<DvcValue, string> {
  const seen = new Set<DvcValue>()
  const anchors = new Map<DvcValue, string>()
  const visit = (value: DvcValue): void => {
    if (value === null || typeof value !== 'object') return
    if (seen.has(value)) {
      if (!anchors.has(value)) anchors.set(value, `id${String(anchors.size + 1).padStart(3, '0')}`)
      return
    }
    seen.add(value)
    if (isList(value)) for (const item of value) visit(item)
    else if (isMap(value)) for (const item of value.values()) visit(item)
  }
  visit(map)
  return anchors
}
