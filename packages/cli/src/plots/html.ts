const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** HTML that is safe as it is. */
export interface Html {
  readonly html: string
}

type Part = Html | string | number | readonly Html[]

/** Builds HTML: whatever is put in is text, unless it is HTML itself. */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: fixed.map((text, index) => text + htmlOf(parts[index] ?? '')).join('') }
}

/** A document inside of a page, to be read by a script. */
export function jsonBlock(id: string, value: unknown): Html {
  const text = JSON.stringify(value).replaceAll('<', '\\u003c')
  return { html: `<script type="application/json" id="${id}">${text}</script>` }
}

/** A script; its text must not come from outside. */
export function script(text: string): Html {
  if (/<\/script/i.test(text)) throw new TypeError('Expected a script without an end of scripts')
  return { html: `<script>${text}</script>` }
}

function htmlOf(part: Part): string {
  if (typeof part === 'object') return 'html' in part ? part.html : part.map(htmlOf).join('\n')
  return String(part).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
}
