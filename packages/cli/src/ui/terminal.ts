import { StringDecoder } from 'node:string_decoder'
import { styleText } from 'node:util'

// What `paint` writes: bold, dim, a colour of the letters, and their ends. Nothing of it can hide a text.
const COLOURS = '(?:0|1|2|4|22|24|3[0-79]|9[0-7])'
/** A colour; else a control sign, or one that turns the direction of writing. */
const STEERING = new RegExp(
  [
    String.raw`\u001b\[(?:[0-9;:]*m|\?25h)`,
    String.raw`[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]`,
  ].join('|'),
  'gu',
)
/** Besides, the cursor is shown again when a drawing has been broken off. */
const OURS = new RegExp(String.raw`^\u001b\[(?:${COLOURS}m|\?25h)$`, 'u')

/**
 * A text that is safe for a terminal: values, names, messages and logs may come from untrusted data, servers
 * and models. Characters that could control a terminal, overwrite earlier output, or change the direction of
 * writing are shown as `\u001b`, as in JSON; colours other than ours are left out.
 *
 * @param colours whether the terminal takes them
 */
export function harmless(text: string, colours: boolean): string {
  return text.replace(STEERING, (sign) => {
    if (sign === '\n' || sign === '\t') return sign
    if (sign.startsWith('\u001b[')) return colours && OURS.test(sign) ? sign : ''
    return escaped(sign)
  })
}

function escaped(sign: string): string {
  return `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

/** The stream's own way to write, for what draws. */
const own = new WeakMap<NodeJS.WriteStream, NodeJS.WriteStream['write']>()

/** Sees to it that all that this process writes for people or programs is harmless to a terminal. */
export function guardTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // oxlint-disable-next-line typescript/unbound-method -- called with its stream below
    const { write } = stream
    own.set(stream, write)
    const decoder = new StringDecoder('utf8')
    const colours = styleText('bold', 'x', { stream }) !== 'x'
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))
      const shown = harmless(text, colours)
      return Reflect.apply(write, stream, [shown, ...rest]) as boolean
    }
  }
}

/** Standard output for what draws by signals to the terminal, of texts that are harmless. */
export function drawingStream(): NodeJS.WriteStream {
  const write = own.get(process.stdout)
  if (write === undefined) return process.stdout
  return Object.create(process.stdout, {
    write: { value: (...args: unknown[]) => Reflect.apply(write, process.stdout, args) as boolean },
  }) as NodeJS.WriteStream
}
