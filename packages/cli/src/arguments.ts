import { availableParallelism } from 'node:os'
import { parseSize, parseTime } from '@stepwell/base/quantity'
import { InvalidArgumentError } from './commander.ts'

export function parseJobs(text: string): number {
  const share = /^(\d+)%$/.exec(text)?.[1]
  const jobs =
    share === undefined ? Number(text) : Math.round((availableParallelism() * Number(share)) / 100)
  if (share !== undefined && Number(share) > 0) return Math.max(1, jobs)
  if (/^\d+$/.test(text) && jobs >= 1) return jobs
  throw new InvalidArgumentError('Expected a whole number from 1 up, or a share such as 50%.')
}

export function parseLimit(
  text: string,
  limits: Record<string, string> = {},
): Record<string, string> {
  const [, name, amount = ''] = /^([a-zA-Z][a-zA-Z0-9_-]*)=(.*)$/.exec(text) ?? []
  const isAmount =
    name === 'memory' ? parseSize(amount) !== undefined : /^\d+(\.\d+)?$/.test(amount)
  if (name !== undefined && isAmount) return { ...limits, [name]: amount }
  throw new InvalidArgumentError('Expected a name and an amount, such as gpu=2 or memory=8GB.')
}

export function parseCount(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text)
  throw new InvalidArgumentError('Expected a whole number from 1 up.')
}

export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text)
  throw new InvalidArgumentError('Expected a number from 0 to 65535.')
}

/** In milliseconds. A number without a unit is one of seconds. */
export function parseDuration(text: string): number {
  const time = parseTime(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text)
  if (time !== undefined) return time
  throw new InvalidArgumentError('Expected a time such as 30s, 10min or 1.5h.')
}

/** In bytes. */
export function parseBytes(text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined) return bytes
  throw new InvalidArgumentError('Expected a size with its unit, such as 10GB, 10GiB or 512kB.')
}

export function parseNames(text: string, all: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => name !== '')) return [...all, ...names]
  throw new InvalidArgumentError('Expected names of columns with commas between them: a,b.')
}

export function parseDigits(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a number of digits from 0 to 99.')
}

export function collect(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, text]
}
