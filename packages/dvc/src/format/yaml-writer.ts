import { anyText, floatText } from '../value/text.ts'
import { isList, isMap, type DvcMap, type DvcValue } from '../value/value.ts'
import { isMultiline, isShown, scalarStyle } from './scalar-style.ts'

// Texts are wrapped where ruamel wraps them, which DVC writes with: `dvc.lock` is the same to the byte.
const WIDTH = 80
const MOST_KEY = 128
const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\u0007': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\u001b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
}

/** Writes a map as DVC writes YAML, each line indented by `indent` at least. */
export function writeYaml(map: DvcMap, indent = 0): string {
  const writer = new YamlWriter(anchorsIn(map))
  writer.map(map, indent)
  return writer.text()
}

class YamlWriter {
  #out = ''
  #column = 0
  // Whether what follows may stand right here: a line or an item has just begun.
  #fresh = true
  readonly #anchors: ReadonlyMap<DvcValue, string>
  readonly #written = new Set<DvcValue>()

  constructor(anchors: ReadonlyMap<DvcValue, string>) {
    this.#anchors = anchors
  }

  text(): string {
    return this.#out === '' ? '' : `${this.#out}\n`
  }

  map(map: DvcMap, indent: number): void {
    for (const [key, value] of map) {
      this.#line(indent)
      const name = Array.from(keyText(key))
      if (isSimple(name, key)) {
        this.#scalar(key, indent, false)
        this.#write(':')
        this.#value(value, indent, 'key')
      } else {
        this.#write('?')
        this.#fresh = true
        this.#pad(indent + 2)
        this.#scalar(key, indent, true)
        this.#fresh = false
        this.#line(indent)
        this.#write(':')
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
    if (anchor !== undefined && this.#written.has(value)) return this.#write(` *${anchor}`)
    let here = inline
    if (anchor !== undefined) {
      this.#written.add(value)
      this.#write(` &${anchor}`)
      this.#fresh = false
      here = false
    }
    if (isList(value)) {
      if (value.length === 0) return this.#write(' []')
      return this.#list(value, here ? indent + 2 : indent)
    }
    if (isMap(value)) {
      if (value.size === 0) return this.#write(' {}')
      return this.map(value, indent + 2)
    }
    this.#blankedScalar(value, indent, behind === '-')
  }

  #list(list: readonly DvcValue[], indent: number): void {
    for (const item of list) {
      this.#line(indent)
      this.#write('-')
      this.#fresh = true
      this.#value(item, indent, '-')
      this.#fresh = false
    }
  }

  #blankedScalar(value: DvcValue, indent: number, inline: boolean): void {
    if (inline) this.#pad(indent + 2)
    if (value === null) return
    if (typeof value === 'object' && 'kind' in value && value.kind === 'set') {
      this.#write(inline ? '!!set' : ' !!set')
      this.#fresh = false
      if (value.items.length === 0) return this.#write(' {}')
      for (const item of value.items) {
        this.#line(indent + 2)
        this.#write('? ')
        this.#scalar(item, indent + 2, true)
      }
      return
    }
    if (!inline) this.#write(' ')
    this.#scalar(value, indent, true)
  }

  #scalar(value: DvcValue, indent: number, split: boolean): void {
    if (typeof value !== 'string') return this.#plain(Array.from(keyText(value)), indent + 2, split)
    const text = Array.from(value)
    const style = scalarStyle(text)
    if (style === 'plain') this.#plain(text, indent + 2, split)
    else if (style === 'single') this.#single(text, indent + 2, split)
    else this.#double(text, indent + 2, split)
  }

  #plain(text: readonly string[], indent: number, split: boolean): void {
    let start = 0
    let spaces = false
    let breakBefore = false
    for (let end = 0; end <= text.length; end++) {
      const sign = text[end]
      if (spaces) {
        if (sign !== ' ') {
          if (start + 1 === end && this.#column >= WIDTH && split) this.#wrap(indent)
          else this.#write(text.slice(start, end).join(''))
          start = end
        }
      } else if (sign === undefined || sign === ' ') {
        const word = text.slice(start, end).join('')
        breakBefore = end - start + this.#column > WIDTH && this.#column > indent
        if (breakBefore) this.#wrap(indent)
        this.#write(word)
        start = end
      }
      if (sign !== undefined) spaces = sign === ' '
    }
  }

  #single(text: readonly string[], indent: number, split: boolean): void {
    this.#write("'")
    let start = 0
    let spaces = false
    for (let end = 0; end <= text.length; end++) {
      const sign = text[end]
      if (spaces) {
        if (sign !== ' ') {
          const wraps = start + 1 === end && this.#column > WIDTH && split
          if (wraps && start !== 0 && end !== text.length) this.#wrap(indent)
          else this.#write(text.slice(start, end).join(''))
          start = end
        }
      } else if ((sign === undefined || sign === ' ') && start < end) {
        this.#write(text.slice(start, end).join(''))
        start = end
      }
      if (sign !== undefined) spaces = sign === ' '
    }
    this.#write("'")
  }

  #double(text: readonly string[], indent: number, split: boolean): void {
    this.#write('"')
    let start = 0
    for (let end = 0; end <= text.length; end++) {
      const sign = text[end]
      if (sign === undefined || isEscaped(sign)) {
        if (start < end) this.#write(text.slice(start, end).join(''))
        start = end
        if (sign !== undefined) {
          this.#write(escapeOf(sign))
          start = end + 1
        }
      }
      const inside = end > 0 && end < text.length - 1 && (sign === ' ' || start >= end)
      if (!inside || !split || this.#column + (end - start) <= WIDTH) continue
      const backslash = needsBackslash(text, start, end)
      this.#write(text.slice(start, end).join('') + (backslash ? '\\' : ''))
      if (start < end) start = end
      this.#wrap(indent)
      if (text[start] === ' ') {
        if (backslash) this.#write('\\')
        else start++
      }
    }
    this.#write('"')
  }

  #write(text: string): void {
    this.#out += text
    this.#column += text.length === 1 ? 1 : Array.from(text).length
  }

  #line(indent: number): void {
    if (this.#fresh && this.#column <= indent) this.#pad(indent)
    else this.#wrap(indent)
    this.#fresh = false
  }

  #wrap(indent: number): void {
    this.#out += `\n${' '.repeat(indent)}`
    this.#column = indent
  }

  #pad(indent: number): void {
    if (this.#column < indent) this.#write(' '.repeat(indent - this.#column))
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

function isEscaped(sign: string): boolean {
  if ('"\\\u0085\u2028\u2029\ufeff'.includes(sign)) return true
  return !(sign >= ' ' && sign <= '~') && !isShown(sign)
}

function escapeOf(sign: string): string {
  const known = ESCAPES[sign]
  if (known !== undefined) return `\\${known}`
  const code = sign.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xff_ff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

// Where a line ends at a lone space between two words, reading it puts the space back.
function needsBackslash(text: readonly string[], start: number, end: number): boolean {
  const space = text.indexOf(' ', end)
  if (space === -1) return true
  const next = text.indexOf('\n', end)
  const at = next !== -1 && next < space ? next : space
  const behind = text[at + 1]
  if (behind === undefined) return true
  if (text[at] === '\n' && behind !== ' ') return true
  const between = new Set(text.slice(end, at))
  return (
    between.has('"') ||
    between.has("'") ||
    ' \n'.includes(behind) ||
    (text[end - 1] === ' ' && text[end] === ' ') ||
    start === end
  )
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
