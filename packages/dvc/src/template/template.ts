/** A text with `${...}` in it, taken apart. */
export interface Template {
  /** Texts and expressions in turn, the first and the last of them texts. */
  readonly texts: readonly string[]
  readonly expressions: readonly Expression[]
  /** Whether the text is one expression and nothing else, whose value then keeps its type. */
  readonly exact: boolean
}

/** What stands in `${...}`: a path into the values. */
export interface Expression {
  readonly text: string
  readonly path: readonly string[]
}

/** An expression that cannot be read. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError'
}

const EXPRESSION = /(?<!\\)\$\{(.*?)\}/g
const GRAMMAR = /^[^.[\]]+(?:\s*(?:\.[^.[\]]+|\[[^.[\]]+\]))*\s*$/
const known = new Map<string, Template | undefined>()
// Texts are few next to the stages that are made of them; a watcher must not gather them for ever.
const MOST_KNOWN = 10_000

/**
 * The template in a text, or `undefined` where it is text alone.
 * @throws TemplateSyntaxError
 */
export function templateOf(text: string): Template | undefined {
  if (!text.includes('${')) return undefined
  if (known.has(text)) return known.get(text)
  const template = parse(text)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(text, template)
  return template
}

/** Whether a text has an expression in it. */
export function isTemplate(text: string): boolean {
  return text.match(EXPRESSION) !== null
}

function parse(text: string): Template {
  const texts: string[] = []
  const expressions: Expression[] = []
  let at = 0
  for (const match of text.matchAll(EXPRESSION)) {
    const [whole, inner = ''] = match
    if (!GRAMMAR.test(inner)) throw new TemplateSyntaxError(`'${whole}' is not a path to a value`)
    texts.push(unescape(text.slice(at, match.index)))
    const path = inner.replaceAll('[', '.').replaceAll(']', '').split('.')
    expressions.push({ text: inner.trim(), path: path.map((part) => part.trim()) })
    at = match.index + whole.length
  }
  texts.push(unescape(text.slice(at)))
  return { texts, expressions, exact: texts.length === 2 && texts[0] === '' && texts[1] === '' }
}

function unescape(text: string): string {
  return text.replaceAll('\\${', '${')
}
