import { readFileSync } from 'node:fs'

/** The text of Chart.js, to be put into a page; it begins with its licence. */
export function chartLibrary(): string {
  const entry = import.meta.resolve('chart.js')
  const text = readFileSync(new URL('chart.umd.min.js', entry), 'utf8')
  return text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
}
