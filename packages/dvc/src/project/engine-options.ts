import { dvcError } from '../dvc-error.ts'
import type { Place } from '../place.ts'
import { isList, isMap, kindName, type DvcMap, type DvcValue } from '../value/value.ts'

/** What a stage says about its execution under `meta.stepwell`, which DVC passes over. */
export interface EngineOptions {
  /** Names of limits -> how much of each the stage takes while it runs. */
  readonly limits: ReadonlyMap<string, number>
  /** Names of resources, such as `cpu` or `gpu` -> how much of each it needs. */
  readonly resources: ReadonlyMap<string, number>
  /** How often it is tried again after a failure. */
  readonly retry: number
  /** Seconds after which it is stopped. */
  readonly timeout?: number
}

const NO_OPTIONS: EngineOptions = { limits: new Map(), resources: new Map(), retry: 0 }

const KNOWN = ['limits', 'resources', 'retry', 'timeout']
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** @throws StepwellError STEPWELL_DVC_YAML naming the place of `meta` */
export function engineOptions(meta: DvcValue | undefined, place: Place): EngineOptions {
  if (meta === undefined || !isMap(meta) || !meta.has('stepwell')) return NO_OPTIONS
  const fail = (name: string, value: DvcValue, expected: string): never => {
    const what = `meta.stepwell${name} is ${kindName(value)}`
    throw dvcError(place, { code: 'STEPWELL_DVC_YAML', what, todo: `expected ${expected}` })
  }
  const options = meta.get('stepwell') ?? null
  if (!isMap(options)) return fail('', options, `a map with ${KNOWN.join(', ')}`)
  for (const key of options.keys()) {
    if (KNOWN.includes(String(key))) continue
    throw dvcError(place, {
      code: 'STEPWELL_DVC_YAML',
      what: `unknown key '${String(key)}' in meta.stepwell`,
      todo: `expected one of: ${KNOWN.join(', ')}`,
    })
  }
  const timeout = options.get('timeout')
  return {
    limits: amounts(options, 'limits', fail),
    resources: amounts(options, 'resources', fail),
    retry: retryOf(options.get('retry') ?? 0n, fail),
    ...(timeout === undefined ? {} : { timeout: secondsOf(timeout, fail) }),
  }
}

type Fail = (name: string, value: DvcValue, expected: string) => never

function amounts(options: DvcMap, name: string, fail: Fail): ReadonlyMap<string, number> {
  const value = options.get(name)
  const expected = 'a list of names, or a map of names to numbers above 0'
  if (value === undefined) return new Map()
  const found = new Map<string, number>()
  if (isList(value)) {
    for (const item of value) {
      if (typeof item !== 'string') return fail(`.${name}`, item, expected)
      found.set(item, 1)
    }
    return found
  }
  if (!isMap(value)) return fail(`.${name}`, value, expected)
  for (const [key, amount] of value) {
    const count = typeof amount === 'bigint' ? Number(amount) : amount
    if (typeof count !== 'number' || !(count > 0) || !Number.isFinite(count)) {
      return fail(`.${name}.${String(key)}`, amount, 'a number above 0')
    }
    found.set(String(key), count)
  }
  return found
}

function retryOf(value: DvcValue, fail: Fail): number {
  if (typeof value === 'bigint' && value >= 0n && value <= 100n) return Number(value)
  return fail('.retry', value, 'a whole number from 0 to 100')
}

function secondsOf(value: DvcValue, fail: Fail): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(value) : null
  const seconds =
    match === null
      ? Number(typeof value === 'bigint' ? value : typeof value === 'number' ? value : NaN)
      : Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1)
  if (seconds > 0 && Number.isFinite(seconds)) return seconds
  return fail('.timeout', value, 'a number of seconds, or a text such as 30s, 10m or 2h')
}
