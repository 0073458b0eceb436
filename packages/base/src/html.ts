/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

type Part = string | number | Html | undefined | readonly (string | number | Html | undefined)[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
// What no document may hold, and what would turn the direction of all that follows.
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** A template whose values are text, however hostile, unless they are HTML made here. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const texts = strings.map((text, place) => text + textOf(parts[place]))
  return { html: texts.join('') }
}

function textOf(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'object') return 'html' in part ? part.html : part.map(textOf).join('')
  return escape(String(part))
}

function escape(text: string): string {
  return fitText(text).replaceAll(/[&<>"']/g, (one) => ENTITIES[one] ?? '')
}

function fitText(text: string): string {
  return text.toWellFormed().replaceAll(UNFIT, '\uFFFD')
}

/** A document inside of a page, to be read by a script; its texts are as they would be in the page itself. */
export function jsonBlock(id: string, value: unknown): Html {
  const fit = (_: string, part: unknown): unknown =>
    typeof part === 'string' ? fitText(part) : part
  const text = JSON.stringify(value, fit).replaceAll('<', '\\u003c')
  return { html: `<script type="application/json" id="${escape(id)}">${text}</script>` }
}

/** A script; its text must not come from outside. */
export function script(text: string): Html {
  if (/<\/script/i.test(text)) throw new TypeError('Expected a script without an end of scripts')
  return { html: `<script>${text}</script>` }
}

/** A number in at most 4 digits, as people read it. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return 'not defined'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e7 || size < 1e-4)
    return value.toExponential(2).replace('-', '−').replace('e-', 'e−')
  const text = size >= 1000 ? Math.round(value).toString() : Number(value.toPrecision(4)).toString()
  return text.replace(/\B(?=(\d{3})+$)/g, size >= 10_000 ? '\u202f' : '').replace('-', '−')
}

/** A number of an axis: as short as it can be. */
export function showTick(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e10 || size < 1e4) return showNumber(value)
  const [unit, letter] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : [1e3, 'k']
  return showNumber(value / unit) + letter
}

/** A document that loads nothing. The same content gives the same bytes. */
export function htmlDocument(title: string, style: string, content: Html): string {
  const { html: text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>${title}</title>
        <style>
          ${{ html: style }}
        </style>
      </head>
      <body>
        ${content}
      </body>
    </html> `
  return text
}
