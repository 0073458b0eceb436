/** The sections of a configuration file of DVC or Git: section, name in lower case, value. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const shown = line.trim()
    if (shown === '' || shown.startsWith('#') || shown.startsWith(';')) continue
    const head = /^\[(.*)\]$/.exec(shown)?.[1]
    if (head !== undefined) {
      const name = head.replace(/^'(.*)'$/, '$1').trim()
      section = sections.get(name) ?? new Map<string, string>()
      sections.set(name, section)
      continue
    }
    const at = shown.indexOf('=')
    if (at === -1) continue
    const value = shown.slice(at + 1).trim()
    section.set(shown.slice(0, at).trim().toLowerCase(), value.replace(/^(['"])(.*)\1$/, '$2'))
  }
  return sections
}
