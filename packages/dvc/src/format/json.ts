import { dvcError } from '../dvc-error.ts'
import { placeAt } from '../place.ts'
import type { DvcKey, DvcValue } from '../value/value.ts'

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- Python names them, too
const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y
const WORDS: ReadonlyMap<string, DvcValue> = new Map<string, DvcValue>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
])

/**
 * Reads JSON as Python does: `1` and `1.0` differ, members keep their order, of two members with one
 * name the last counts, and there are `NaN` and `Infinity`.
 * @throws StepwellError STEPWELL_DVC_PARAMS naming file, line and column
 */
export function parseJson(file: string, text: string): DvcValue {
  return new JsonReader(file, text).document()
}

class JsonReader {
  readonly #file: string
  readonly #text: string
  #at = 0

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
  }

  document(): DvcValue {
    const value = this.#value()
    if (this.#peek() !== '') this.#fail('the end of the file')
    return value
  }

  #value(): DvcValue {
    const next = this.#peek()
    if (next === '{') return this.#object()
    if (next === '[') return this.#array()
    if (next === '"') return this.#string()
    for (const [word, value] of WORDS) if (this.#take(word)) return value
    return this.#number()
  }

  #object(): DvcValue {
    const members = new Map<DvcKey, DvcValue>()
    this.#expect('{')
    if (this.#take('}')) return members
    do {
      if (this.#peek() !== '"') this.#fail('a name in double quotes')
      const name = this.#string()
      this.#expect(':')
      members.set(name, this.#value())
    } while (this.#take(','))
    this.#expect('}')
    return members
  }

  #array(): DvcValue {
    const items: DvcValue[] = []
    this.#expect('[')
    if (this.#take(']')) return items
    do items.push(this.#value())
    while (this.#take(','))
    this.#expect(']')
    return items
  }

  #string(): string {
    const match = this.#match(STRING)
    try {
      if (match !== undefined) return JSON.parse(match[0]) as string
    } catch {
      this.#at -= match?.[0].length ?? 0
    }
    return this.#fail('a text in double quotes')
  }

  #number(): bigint | number {
    const match = this.#match(NUMBER)
    if (match === undefined) return this.#fail('a value')
    const [text, fraction, exponent] = match
    return fraction === undefined && exponent === undefined ? BigInt(text) : Number(text)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at += match[0].length
    return match
  }

  #peek(): string {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? '?')) this.#at++
    return this.#text[this.#at] ?? ''
  }

  #take(word: string): boolean {
    this.#peek()
    if (!this.#text.startsWith(word, this.#at)) return false
    this.#at += word.length
    return true
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) this.#fail(`'${sign}'`)
  }

  #fail(expected: string): never {
    throw dvcError(placeAt(this.#file, this.#text, this.#at), {
      code: 'STEPWELL_DVC_PARAMS',
      summary: 'the JSON cannot be read',
      hint: `expected ${expected}`,
    })
  }
}
