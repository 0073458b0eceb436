import type { Estimate } from '@stepwell/engine'
import { formatDuration, plural } from './text.ts'

const NAMED = 3

/** `time: about 12 s with 2 at once`, `3 s to 12 s ...`, or what is not known; nothing when nothing may run. */
export function describeEstimate({
  least,
  most,
  concurrency,
  unknown,
}: Estimate): string | undefined {
  const [from, to] = [roughly(least), roughly(most)]
  const known = from === to ? `about ${to}` : `${from} to ${to}`
  const width = `with ${concurrency} at once`
  if (unknown.length > 0) {
    const rest = most > 0 ? `; ${known} for the rest, ${width}` : ''
    return `time: unknown for ${nameSome(unknown)}${rest}`
  }
  return most === 0 ? undefined : `time: ${known} ${width}`
}

/** As precise as a guess can be: `40 ms`, `1.2 s`, `12 s`, `2 m 03 s`. */
function roughly(ms: number): string {
  if (ms === 0) return '0 s'
  if (ms < 950) return formatDuration(ms < 10 ? Math.ceil(ms) : Math.round(ms / 10) * 10)
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  return ms < 59_500 ? `${Math.round(ms / 1000)} s` : formatDuration(ms)
}

function nameSome(names: readonly string[]): string {
  if (names.length <= NAMED) return names.join(', ')
  return `${names.slice(0, NAMED).join(', ')} and ${plural(names.length - NAMED, 'other')}`
}
