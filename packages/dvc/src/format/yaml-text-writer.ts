import { isShown, scalarStyle } from './scalar-style.ts'

// Texts are wrapped where ruamel wraps them, which DVC writes with: `dvc.lock` is the same to the byte.
const WIDTH = 80
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

/** Writes texts, and knows in which column it is. */
export class TextWriter {
  #out = ''
  #column = 0

  get column(): number {
    return this.#column
  }

  /** All that was written. */
  text(): string {
    return this.#out
  }

  /**
   * Writes a text in the style that ruamel chooses for it.
   * @param indent where its further lines begin
   * @param split whether it may have further lines
   */
  styled(text: readonly string[], indent: number, split: boolean): void {
    const style = scalarStyle(text)
    if (style === 'plain') this.plain(text, indent, split)
    else if (style === 'single') this.#single(text, indent, split)
    else this.#double(text, indent, split)
  }

  plain(text: readonly string[], indent: number, split: boolean): void {
    let start = 0
    let spaces = false
    let breakBefore = false
    for (let end = 0; end <= text.length; end++) {
      const sign = text[end]
      if (spaces) {
        if (sign !== ' ') {
          if (start + 1 === end && this.#column >= WIDTH && split) this.wrap(indent)
          else this.write(text.slice(start, end).join(''))
          start = end
        }
      } else if (sign === undefined || sign === ' ') {
        const word = text.slice(start, end).join('')
        breakBefore = end - start + this.#column > WIDTH && this.#column > indent
        if (breakBefore) this.wrap(indent)
        this.write(word)
        start = end
      }
      if (sign !== undefined) spaces = sign === ' '
    }
  }

  #single(text: readonly string[], indent: number, split: boolean): void {
    this.write("'")
    let start = 0
    let spaces = false
    for (let end = 0; end <= text.length; end++) {
      const sign = text[end]
      if (spaces) {
        if (sign !== ' ') {
          const wraps = start + 1 === end && this.#column > WIDTH && split
          if (wraps && start !== 0 && end !== text.length) this.wrap(indent)
          else this.write(text.slice(start, end).join(''))
          start = end
        }
      } else if ((sign === undefined || sign === ' ') && start < end) {
        this.write(text.slice(start, end).join(''))
        start = end
      }
      if (sign !== undefined) spaces = sign === ' '
    }
    this.write("'")
  }

  #double(text: readonly string[], indent: number, split: boolean): void {
    this.write('"')
    let start = 0
    for (let end = 0; end <= text.length; end++) {
      const sign = text[end]
      if (sign === undefined || isEscaped(sign)) {
        if (start < end) this.write(text.slice(start, end).join(''))
        start = end
        if (sign !== undefined) {
          this.write(escapeOf(sign))
          start = end + 1
        }
      }
      const inside = end > 0 && end < text.length - 1 && (sign === ' ' || start >= end)
      if (!inside || !split || this.#column + (end - start) <= WIDTH) continue
      const backslash = needsBackslash(text, start, end)
      this.write(text.slice(start, end).join('') + (backslash ? '\\' : ''))
      if (start < end) start = end
      this.wrap(indent)
      if (text[start] === ' ') {
        if (backslash) this.write('\\')
        else start++
      }
    }
    this.write('"')
  }

  write(text: string): void {
    this.#out += text
    this.#column += text.length === 1 ? 1 : Array.from(text).length
  }

  wrap(indent: number): void {
    this.#out += `\n${' '.repeat(indent)}`
    this.#column = indent
  }

  pad(indent: number): void {
    if (this.#column < indent) this.write(' '.repeat(indent - this.#column))
  }
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
