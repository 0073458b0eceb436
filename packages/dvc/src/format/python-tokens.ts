/** A token of Python; a string has its value, except where it is not plain text (`f''`, `b''`). */
export type PythonToken =
  | { readonly kind: 'name' | 'number' | 'sign'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string; readonly value: string | undefined }

/** A logical line: brackets and backslashes join lines of the file. */
export interface PythonLine {
  readonly indent: number
  readonly tokens: readonly PythonToken[]
}

const TOKEN = new RegExp(
  [
    String.raw`(?<blank>[ \f]+|\t+|\\\r?\n|#[^\n]*)`,
    String.raw`(?<string>(?<prefix>[A-Za-z]{0,2})(?<quote>'''|"""|'|"))`,
    String.raw`(?<number>0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?[jJ]?)`,
    String.raw`(?<name>[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}]*)`,
    String.raw`(?<newline>\r?\n)`,
    String.raw`(?<sign>\*\*=|//=|>>=|<<=|\.\.\.|[-+*/%@&|^<>=!:]=|->|\*\*|//|<<|>>|.)`,
  ].join('|'),
  'suy',
)

/** The logical lines of a Python file, without blank lines and comments. */
export function pythonLines(text: string): PythonLine[] {
  const lines: PythonLine[] = []
  let tokens: PythonToken[] = []
  let depth = 0
  let indent = 0
  let begins = true
  for (let at = 0; at < text.length;) {
    if (begins && depth === 0) indent = indentAt(text, at)
    begins = false
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) break
    const { string, prefix = '', quote = '', number, name, newline, sign } = match.groups ?? {}
    at += match[0].length
    if (string !== undefined) {
      const end = stringEnd(text, at, quote)
      tokens.push({ kind: 'string', text: string, value: stringValue(prefix, text.slice(at, end)) })
      at = end + quote.length
    } else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (sign !== undefined) {
      if ('([{'.includes(sign)) depth++
      if (')]}'.includes(sign)) depth = Math.max(0, depth - 1)
      tokens.push({ kind: 'sign', text: sign })
    } else if (newline !== undefined && depth === 0) {
      lines.push({ indent, tokens })
      tokens = []
      begins = true
    }
  }
  lines.push({ indent, tokens })
  return lines.filter((line) => line.tokens.length > 0)
}

function indentAt(text: string, start: number): number {
  let column = 0
  for (let at = start; ; at++) {
    if (text[at] === ' ') column++
    else if (text[at] === '\t') column = (Math.floor(column / 8) + 1) * 8
    else return column
  }
}

function stringEnd(text: string, start: number, quote: string): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text.startsWith(quote, at)) return at
  }
  return text.length
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
}
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/g

function stringValue(prefix: string, body: string): string | undefined {
  const letters = prefix.toLowerCase()
  if (letters === 'r') return body
  if (letters !== '' && letters !== 'u') return undefined
  return body.replace(
    ESCAPE,
    (whole: string, two: string, four: string, eight: string, octal: string, letter: string) => {
      const hex = two ?? four ?? eight
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      return ESCAPES[letter] ?? whole
    },
  )
}
