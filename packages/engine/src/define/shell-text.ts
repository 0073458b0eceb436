/** Stands for a value in a text for the shell; no such text holds it. */
export const MARK = '\0'

/** How a value is to be written where a mark stands, so that it is one word, or a part of one. */
export type ShellPlace = 'bare' | 'quoted'

/** A text whose marks have no place where a value could stand, or whose quoting cannot be followed. */
export class ShellTextError extends Error {
  /** Which mark, from 0; `undefined` when it is about the text. */
  readonly mark: number | undefined

  constructor(message: string, mark?: number) {
    super(message)
    this.mark = mark
  }
}

interface Heredoc {
  readonly end: string
  readonly isLiteral: boolean
  readonly isIndented: boolean
}

interface Frame {
  readonly kind: 'code' | 'double' | 'heredoc' | 'brace' | 'arithmetic'
  /** Code that ends with a bracket: in `$( )` or `( )`. */
  readonly inBrackets?: boolean
  /** Open `case`, in which a bracket ends a pattern; of arithmetic, open brackets. */
  depth: number
  /** Within `[[ ]]`. */
  inTest?: boolean
}

const INTRICATE = 'its quotes and brackets cannot be followed; put it into a script'
const SEPARATOR = /[\s;&|()]/
const SUBSCRIPT = /(?:^|[\s;&|()])[A-Za-z_]\w*\[[^\]\s]*$/
// Everything that ends a word without being quoted.
const DELIMITER = /(?:'[^'\n]*'|"[^"\n]*"|\\[^\n]|[^\s;&|()<>'"\\])+/y

/**
 * Finds how a POSIX shell reads each place that is marked in a text, so that a value can be given there
 * by a variable. Where shells differ, or a value would be read as more than a text, it refuses.
 *
 * @throws ShellTextError
 */
export function placesIn(text: string): ShellPlace[] {
  if (!text.includes(MARK)) return []
  return new Lexer(text).places()
}

class Lexer {
  readonly #text: string
  readonly #places: ShellPlace[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  places(): ShellPlace[] {
    this.#read({ kind: 'code', depth: 0 }, this.#text.length)
    return this.#places
  }

  /** Reads up to `end`, which is in a frame of this kind again. */
  #read(outermost: Frame, end: number): void {
    const frames = [outermost]
    const heredocs: Heredoc[] = []
    while (this.#at < end) {
      const frame = frames.at(-1) ?? outermost
      const char = this.#text[this.#at] ?? ''
      const from = this.#at
      this.#at += 1
      if (char === MARK) this.#mark(frames, from)
      else if (char === '\\') this.#escape()
      else if (char === '`') this.#backticks(end)
      else if (char === '$') this.#dollar(frames)
      else if (char === '"' && frame.kind === 'double') frames.pop()
      else if (char === '"' && frame.kind !== 'heredoc') frames.push({ kind: 'double', depth: 0 })
      else if (frame.kind === 'brace') this.#inBrace(frames, char, end)
      else if (frame.kind === 'arithmetic') this.#inArithmetic(frames, frame, char)
      else if (frame.kind === 'code') {
        if (char === "'") this.#single(end)
        else if (char === '\n') this.#bodies(heredocs.splice(0), end)
        else this.#inCode(frames, frame, char, from, heredocs, end)
      }
    }
    if (this.#at !== end || frames.length > 1 || heredocs.length > 0) throw intricate()
  }

  #mark(frames: readonly Frame[], at: number): void {
    const nth = this.#places.length
    const refuse = (message: string): never => {
      throw new ShellTextError(message, nth)
    }
    const frame = frames.at(-1)
    if (this.#text[at - 1] === '$') refuse('stands after `$`; write it without')
    const context = frames.findLast(({ kind }) => kind !== 'double')
    if (context?.kind === 'brace') refuse('stands in `${ }`; set a variable to it first')
    // There a value would be computed, and bash even runs commands in it.
    if (context?.kind === 'arithmetic')
      refuse('stands in arithmetic, which would read it as a formula; compute in a script')
    if (context?.inTest) refuse('stands in `[[ ]]`, which may read it as a formula; use `[ ]`')
    if (frame?.kind === 'code' && SUBSCRIPT.test(this.#text.slice(0, at)))
      refuse('stands in a subscript, which the shell would read as a formula')
    this.#places.push(frame?.kind === 'code' ? 'bare' : 'quoted')
  }

  #escape(): void {
    if (this.#text[this.#at] === MARK) {
      throw new ShellTextError('stands after a backslash; write it without', this.#places.length)
    }
    this.#at += 1
  }

  #single(end: number): void {
    const close = this.#text.indexOf("'", this.#at)
    if (close === -1 || close >= end) throw intricate()
    this.#refuseUpTo(
      close,
      'stands in single quotes, in which a shell fills in nothing; use double',
    )
    this.#at = close + 1
  }

  #backticks(end: number): void {
    let close = this.#at
    while (close < end && this.#text[close] !== '`') close += this.#text[close] === '\\' ? 2 : 1
    if (close >= end) throw intricate()
    this.#refuseUpTo(close, 'stands in backticks; use `$( )`')
    this.#at = close + 1
  }

  #refuseUpTo(end: number, why: string): void {
    if (this.#text.slice(this.#at, end).includes(MARK))
      throw new ShellTextError(why, this.#places.length)
  }

  #dollar(frames: Frame[]): void {
    const rest = this.#text.slice(this.#at, this.#at + 2)
    if (rest === '((') {
      this.#at += 2
      frames.push({ kind: 'arithmetic', depth: 0 })
    } else if (rest[0] === '(') {
      this.#at += 1
      frames.push({ kind: 'code', inBrackets: true, depth: 0 })
    } else if (rest[0] === '{') {
      this.#at += 1
      frames.push({ kind: 'brace', depth: 0 })
    } else if (rest[0] === "'" && frames.at(-1)?.kind === 'code') {
      // Where it ends is another matter in bash than in sh.
      throw intricate()
    }
  }

  #inBrace(frames: Frame[], char: string, end: number): void {
    if (char === '}') frames.pop()
    if (char !== "'") return
    // Within double quotes it may be a quote or not.
    if (frames.some(({ kind }) => kind === 'double' || kind === 'heredoc')) throw intricate()
    this.#single(end)
  }

  #inArithmetic(frames: Frame[], frame: Frame, char: string): void {
    if (char === '(') frame.depth += 1
    else if (char === ')' && frame.depth > 0) frame.depth -= 1
    else if (char === ')') {
      if (this.#text[this.#at] !== ')') throw intricate()
      this.#at += 1
      frames.pop()
    } else if (char === "'") throw intricate()
  }

  #inCode(
    frames: Frame[],
    frame: Frame,
    char: string,
    from: number,
    heredocs: Heredoc[],
    end: number,
  ): void {
    const isWordStart = from === 0 || SEPARATOR.test(this.#text[from - 1] ?? '')
    const isWord = (word: string): boolean => {
      const after = this.#text[from + word.length]
      if (!isWordStart || !this.#text.startsWith(word, from)) return false
      return after === undefined || SEPARATOR.test(after)
    }
    if (char === '#' && isWordStart) this.#comment(end)
    else if (char === '(' && this.#text[this.#at] === '(') {
      this.#at += 1
      frames.push({ kind: 'arithmetic', depth: 0 })
    } else if (char === '(') frames.push({ kind: 'code', inBrackets: true, depth: 0 })
    else if (char === ')' && frame.inBrackets && frame.depth === 0) frames.pop()
    else if (char === '<' && this.#text[this.#at] === '<') this.#heredoc(heredocs)
    else if (isWord('case')) frame.depth += 1
    else if (isWord('esac')) frame.depth = Math.max(0, frame.depth - 1)
    else if (isWord('[[')) frame.inTest = true
    else if (isWord(']]')) frame.inTest = false
  }

  /** What is marked there is not seen by the shell. */
  #comment(end: number): void {
    while (this.#at < end && this.#text[this.#at] !== '\n') {
      if (this.#text[this.#at] === MARK) this.#places.push('quoted')
      this.#at += 1
    }
  }

  #heredoc(heredocs: Heredoc[]): void {
    this.#at += 1
    if (this.#text[this.#at] === '<') {
      this.#at += 1
      return
    }
    const isIndented = this.#text[this.#at] === '-'
    if (isIndented) this.#at += 1
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1
    DELIMITER.lastIndex = this.#at
    const [word] = DELIMITER.exec(this.#text) ?? []
    if (word === undefined || /[$`\0]/.test(word)) throw intricate()
    this.#at += word.length
    const end = word.replaceAll(/\\([^])|['"]/g, '$1')
    heredocs.push({ end, isLiteral: end !== word, isIndented })
  }

  /** The bodies of here-documents, which begin in the line after. */
  #bodies(heredocs: readonly Heredoc[], end: number): void {
    for (const { end: delimiter, isLiteral, isIndented } of heredocs) {
      const start = this.#at
      let lineStart = start
      for (;;) {
        if (lineStart >= end) throw intricate()
        const newline = this.#text.indexOf('\n', lineStart)
        const lineEnd = newline === -1 || newline > end ? end : newline
        const line = this.#text.slice(lineStart, lineEnd)
        if ((isIndented ? line.replace(/^\t+/, '') : line) === delimiter) {
          if (isLiteral) {
            this.#refuseUpTo(
              lineStart,
              'stands in a here-document whose end is quoted, in which a shell fills in nothing',
            )
          } else {
            // It might not be the end.
            if (this.#text.slice(start, lineStart).endsWith('\\\n')) throw intricate()
            this.#read({ kind: 'heredoc', depth: 0 }, lineStart)
          }
          this.#at = Math.min(lineEnd + 1, end)
          break
        }
        lineStart = lineEnd + 1
      }
    }
  }
}

function intricate(): ShellTextError {
  return new ShellTextError(INTRICATE)
}
