const HIDDEN = '***'
// Names of parameters by which servers are shown that one may ask.
const SECRET =
  /token|secret|passw|pwd|auth|sign|credential|api[-_.]?key|access[-_.]?key|key[-_.]?(?:id|pair)|session|jwt|hmac|policy|^sig$/i
// Looks drawn by lot: long, of letters and digits, and neither a path nor a name of a file.
const DRAWN = /^(?=.*\d)(?=.*[a-z])[\w+/=~-]{20,}$/i
const DATE = /^\d{4}-\d\d-\d\d/

/**
 * An address as it may be kept and shown: in its query, values that look like secrets are replaced. Keys
 * contain this form, so another token for the same content does not change them.
 */
export function shownUrl(address: string): string {
  const url = new URL(address)
  const shown = url.search
    .replace(/^\?/, '')
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=')
      if (at === -1) return DRAWN.test(pair) ? HIDDEN : pair
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
      return value !== '' && isSecret(decoded(name), decoded(value)) ? `${name}=${HIDDEN}` : pair
    })
  url.search = ''
  url.hash = ''
  return `${url.href}${url.href.endsWith('?') || shown.join('') === '' ? '' : '?'}${shown.join('&')}`
}

function isSecret(name: string, value: string): boolean {
  if (SECRET.test(name)) return true
  return DRAWN.test(value) && !DATE.test(value) && !value.slice(1, -1).includes('/')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
