import { pythonText } from './text.ts'
import { isList, isMap, isScalar, kindName, type DvcMap, type DvcValue } from './value.ts'

/** The section `parsing` of `.dvc/config`. */
export interface FlagStyle {
  readonly bool: 'store_true' | 'boolean_optional'
  readonly list: 'nargs' | 'append'
}

/** A value that cannot become a flag of a command. */
export class FlagError extends Error {
  override readonly name = 'FlagError'
}

/**
 * The flags that a map becomes in a command: `--lr 0.1 --layers 2 3 --verbose`.
 * @throws FlagError where a list holds a list or a map
 */
export function flagsText(map: DvcMap, style: FlagStyle): string {
  const words: string[] = []
  for (const [name, value] of flatten(map, '')) {
    if (typeof value === 'boolean') {
      if (value) words.push(`--${name}`)
      else if (style.bool === 'boolean_optional') words.push(`--no-${name}`)
    } else if (isList(value)) {
      for (const [index, item] of value.entries()) {
        if (index === 0 || style.list === 'append') words.push(`--${name}`)
        words.push(word(name, item))
      }
    } else {
      words.push(`--${name}`, word(name, value))
    }
  }
  return words.join(' ').trimEnd()
}

/** Quotes a word for a POSIX shell where it has to be, as Python's `shlex.quote` does. */
function shellQuote(text: string): string {
  if (text === '') return "''"
  return /[^\w@%+=:,./-]/.test(text) ? `'${text.replaceAll("'", `'"'"'`)}'` : text
}

function word(name: string, value: DvcValue): string {
  if (typeof value === 'string') return shellQuote(value)
  if (isScalar(value)) return pythonText(value)
  throw new FlagError(`'${name}' holds ${kindName(value)} inside of a list`)
}

function* flatten(map: DvcMap, prefix: string): Generator<readonly [string, DvcValue]> {
  for (const [key, value] of map) {
    const name = `${prefix}${pythonText(key)}`
    if (isMap(value)) yield* flatten(value, `${name}.`)
    else yield [name, value]
  }
}
