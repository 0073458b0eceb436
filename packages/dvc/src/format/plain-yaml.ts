import { plainScalar } from './yaml-scalar.ts'
import type { DvcKey, DvcMap, DvcValue } from '../value/value.ts'

// Most of what DVC writes is as plain as this: block maps and lists, with values on one line. It is
// read twenty times faster than by a parser of all of YAML, which takes what this one leaves.
const LINE = /^( *)((?:- )*)(?:([^\s'"#&*!|>%@`{}[\],?:-][^'"#:]*|'[^']*'):(?: (.*))?|(.*))$/
// A list on one line, of words and numbers.
const LIST = /^\[[\w./-]+(?:, [\w./-]+)*\]$/
const UNPLAIN_START = /^[#,[\]{}&*!|>'"%@`]|^[?:-](?:\s|$)/

interface Line {
  readonly indent: number
  readonly dashes: number
  readonly key: string | undefined
  readonly text: string
}

class NotPlain extends Error {
  override readonly name = 'NotPlain'
}

/** The map in a YAML text, or `undefined` where the text is not as plain as can be. */
export function readPlainYaml(text: string): DvcMap | undefined {
  try {
    const reader = new PlainReader(linesOf(text))
    return reader.document()
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

function linesOf(text: string): Line[] {
  const lines: Line[] = []
  for (const raw of text.split('\n')) {
    if (raw === '') continue
    const match = LINE.exec(raw)
    const rest = match?.[4] ?? match?.[5] ?? ''
    if (match === null || raw.includes('\t') || raw.includes('\r') || rest.endsWith(' ')) {
      throw new NotPlain()
    }
    const [, blanks = '', dashes = '', key] = match
    lines.push({ indent: blanks.length, dashes: dashes.length / 2, key, text: rest })
  }
  return lines
}

class PlainReader {
  readonly #lines: Line[]
  #at = 0

  constructor(lines: Line[]) {
    this.#lines = lines
  }

  document(): DvcMap {
    const map = this.#map(this.#lines[0]?.indent ?? 0)
    if (this.#at < this.#lines.length) throw new NotPlain()
    return map
  }

  #map(indent: number): DvcMap {
    const map = new Map<DvcKey, DvcValue>()
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      if (line.indent < indent) break
      if (line.indent > indent || line.key === undefined) throw new NotPlain()
      if (line.dashes > 0) break
      const key = scalarOf(line.key)
      if ((key !== null && typeof key === 'object') || map.has(key)) throw new NotPlain()
      this.#at++
      map.set(key, line.text === '' ? this.#under(indent) : scalarOrEmpty(line.text))
    }
    return map
  }

  // A list may stand as far to the left as the key that it belongs to, a map may not.
  #under(indent: number): DvcValue {
    const next = this.#lines[this.#at]
    if (next === undefined || next.indent < indent) return null
    if (next.dashes > 0) return this.#list(next.indent)
    return next.indent > indent ? this.#map(next.indent) : null
  }

  #list(indent: number): DvcValue[] {
    const items: DvcValue[] = []
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      if (line.indent < indent || (line.indent === indent && line.dashes === 0)) break
      if (line.indent > indent || line.dashes !== 1) throw new NotPlain()
      if (line.key === undefined) {
        this.#at++
        items.push(scalarOrEmpty(line.text))
      } else {
        // What stands behind the dash is a map of its own, two further to the right.
        this.#lines[this.#at] = { ...line, indent: indent + 2, dashes: 0 }
        items.push(this.#map(indent + 2))
      }
    }
    return items
  }
}

function scalarOrEmpty(text: string): DvcValue {
  if (text === '[]') return []
  if (text === '{}') return new Map()
  return LIST.test(text) ? text.slice(1, -1).split(', ').map(scalarOf) : scalarOf(text)
}

function scalarOf(text: string): DvcValue {
  if (text.length > 1 && text.startsWith("'") && text.indexOf("'", 1) === text.length - 1) {
    return text.slice(1, -1)
  }
  if (text === '' || UNPLAIN_START.test(text) || text === '<<' || text === '=') throw new NotPlain()
  if (text.includes(': ') || text.endsWith(':') || text.includes(' #')) throw new NotPlain()
  if (text.startsWith('---') || text.startsWith('...')) throw new NotPlain()
  return plainScalar(text)
}
