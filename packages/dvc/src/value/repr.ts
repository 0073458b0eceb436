import { pythonText } from './text.ts'
import { isList, isMap, type DvcValue } from './value.ts'

/** A value as Python's `repr` writes it: `[1, 'two', {'three': 3.0}]`. */
export function pythonRepr(value: DvcValue): string {
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value !== 'object') return pythonText(value)
  if (isList(value)) return `[${value.map(pythonRepr).join(', ')}]`
  if (isMap(value)) {
    const members = [...value].map(([key, member]) => `${pythonRepr(key)}: ${pythonRepr(member)}`)
    return `{${members.join(', ')}}`
  }
  return value.kind === 'date' ? value.text : `{${value.items.map(pythonRepr).join(', ')}}`
}

const SHORT: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(/[\\\n\r\t\p{Cc}]/gu, (sign) => {
    const code = sign.codePointAt(0) ?? 0
    return SHORT[sign] ?? `\\x${code.toString(16).padStart(2, '0')}`
  })
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`
}
