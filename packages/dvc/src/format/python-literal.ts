import { isList, isMap, isScalar, type DvcKey, type DvcValue } from '../value/value.ts'
import type { PythonToken } from './python-tokens.ts'

/** Something other than a literal: a call, a name, an expression. */
class NotLiteralError extends Error {
  override readonly name = 'NotLiteralError'
}

/** The value of a Python literal, as `ast.literal_eval` takes them, or `undefined` for all else. */
export function literalValue(tokens: readonly PythonToken[]): DvcValue | undefined {
  try {
    return new LiteralReader(tokens).statement()
  } catch (error) {
    if (error instanceof NotLiteralError) return undefined
    throw error
  }
}

class LiteralReader {
  readonly #tokens: readonly PythonToken[]
  #at = 0

  constructor(tokens: readonly PythonToken[]) {
    this.#tokens = tokens
  }

  statement(): DvcValue {
    const value = this.#tuple(undefined)
    if (this.#at < this.#tokens.length) throw new NotLiteralError()
    return value
  }

  // `1, 2` is a tuple, with or without parentheses; `(1)` is one, `()` and `(1,)` are tuples.
  #tuple(close: ')' | undefined): DvcValue {
    if (close !== undefined && this.#take(close)) return []
    const first = this.#value()
    if (!this.#take(',')) {
      if (close !== undefined) this.#expect(close)
      return first
    }
    const items = [first]
    while (!this.#ends(close)) {
      items.push(this.#value())
      if (!this.#take(',')) break
    }
    if (close !== undefined) this.#expect(close)
    return items
  }

  #value(): DvcValue {
    const token = this.#tokens[this.#at++]
    switch (token?.kind) {
      case 'string':
        return this.#strings(token.value)
      case 'number':
        return numberOf(token.text)
      case 'name':
        return this.#word(token.text)
      case 'sign':
        return this.#signed(token.text)
      case undefined:
        throw new NotLiteralError()
    }
  }

  #strings(first: string | undefined): string {
    let text = first
    for (;;) {
      if (text === undefined) throw new NotLiteralError()
      const next = this.#tokens[this.#at]
      if (next?.kind !== 'string') return text
      this.#at++
      text = next.value === undefined ? undefined : text + next.value
    }
  }

  #word(name: string): DvcValue {
    if (name === 'True') return true
    if (name === 'False') return false
    if (name === 'None') return null
    if (name === 'set' && this.#take('(') && this.#take(')')) return { kind: 'set', items: [] }
    throw new NotLiteralError()
  }

  #signed(sign: string): DvcValue {
    if (sign === '[') return this.#items(']')
    if (sign === '(') return this.#tuple(')')
    if (sign === '{') return this.#braces()
    if (sign !== '-' && sign !== '+') throw new NotLiteralError()
    // Python reads `--1` as an expression.
    if (this.#takes('-') || this.#takes('+')) throw new NotLiteralError()
    const value = this.#value()
    if (typeof value !== 'bigint' && typeof value !== 'number') throw new NotLiteralError()
    return sign === '+' ? value : -value
  }

  #items(close: string): DvcValue[] {
    const items: DvcValue[] = []
    while (!this.#take(close)) {
      items.push(this.#value())
      if (this.#take(',')) continue
      this.#expect(close)
      break
    }
    return items
  }

  #braces(): DvcValue {
    if (this.#take('}')) return new Map()
    const first = this.#value()
    if (!this.#take(':')) {
      const rest = this.#take(',') ? this.#items('}') : this.#closed('}')
      return { kind: 'set', items: [first, ...rest] }
    }
    const map = new Map<DvcKey, DvcValue>([[keyOf(first), this.#value()]])
    while (this.#take(',') && !this.#ends('}')) {
      const key = keyOf(this.#value())
      this.#expect(':')
      map.set(key, this.#value())
    }
    this.#expect('}')
    return map
  }

  #closed(close: string): DvcValue[] {
    this.#expect(close)
    return []
  }

  #ends(close: string | undefined): boolean {
    const token = this.#tokens[this.#at]
    return token === undefined || (token.kind === 'sign' && token.text === close)
  }

  #take(sign: string): boolean {
    if (!this.#takes(sign)) return false
    this.#at++
    return true
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'sign' && token.text === sign
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new NotLiteralError()
  }
}

function keyOf(value: DvcValue): DvcKey {
  if (!isScalar(value) || isList(value) || isMap(value)) throw new NotLiteralError()
  return value
}

function numberOf(text: string): bigint | number {
  const plain = text.replaceAll('_', '')
  if (/^0[box]/i.test(plain)) return BigInt(plain.toLowerCase())
  if (/^\d+$/.test(plain)) return BigInt(plain)
  if (/j$/i.test(plain)) throw new NotLiteralError()
  return Number(plain)
}
