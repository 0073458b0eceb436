import { isErrorCode } from '@stepwell/base/error-codes'
import { parseSize, parseTime } from '@stepwell/base/quantity'
import type { ExecutionOptions, RetryOptions } from '@stepwell/engine'
import { dvcError } from '../dvc-error.ts'
import type { Place } from '../place.ts'
import { isList, isMap, kindName, type DvcMap, type DvcValue } from '../value/value.ts'

/** What a stage says under `meta.stepwell`, which DVC passes over. */
export interface EngineOptions {
  /** How the stage is executed, in the terms of the engine. */
  readonly execution: Pick<ExecutionOptions, 'resources' | 'mutex' | 'retry' | 'timeout'>
  /** How much there is of a resource, for all stages of the project. */
  readonly limits: Readonly<Record<string, number>>
}

const NOTHING: EngineOptions = { execution: {}, limits: {} }
const NAME = /^[a-zA-Z][a-zA-Z0-9_-]*$/
const A_TIME = 'a time with its unit, such as 90s or 10 min'

/** @throws StepwellError STEPWELL_DVC_YAML naming the place of `meta` */
export function engineOptions(meta: DvcValue | undefined, place: Place): EngineOptions {
  if (meta === undefined || !isMap(meta) || !meta.has('stepwell')) return NOTHING
  const options = new OptionsReader(meta.get('stepwell') ?? null, place, 'meta.stepwell')
  options.allow(['limits', 'resources', 'mutex', 'retry', 'timeout'])
  const [resources, mutex] = [options.amounts('resources'), options.texts('mutex')]
  const [retry, timeout] = [options.retry(), options.time('timeout')]
  return {
    execution: {
      ...(resources === undefined ? {} : { resources }),
      ...(mutex === undefined ? {} : { mutex }),
      ...(retry === undefined ? {} : { retry }),
      ...(timeout === undefined ? {} : { timeout }),
    },
    limits: options.counts('limits'),
  }
}

class OptionsReader {
  readonly #options: DvcMap
  readonly #place: Place
  readonly #name: string

  constructor(options: DvcValue, place: Place, name: string) {
    this.#place = place
    this.#name = name
    this.#options = isMap(options) ? options : this.#fail('', options, 'a map')
  }

  allow(known: readonly string[]): void {
    for (const key of this.#options.keys()) {
      if (known.includes(String(key))) continue
      throw dvcError(this.#place, {
        code: 'STEPWELL_DVC_YAML',
        summary: `unknown key '${String(key)}' in ${this.#name}`,
        hint: `expected one of: ${known.join(', ')}`,
      })
    }
  }

  /** Amounts of resources: numbers, and of memory sizes. */
  amounts(key: string): Readonly<Record<string, number | string>> | undefined {
    return this.#record(key, (name, value) => {
      if (name !== 'memory') {
        return this.#number(value) ?? this.#fail(`.${key}.${name}`, value, 'a number from 0 up')
      }
      if (typeof value === 'string' && parseSize(value) !== undefined) return value
      return this.#fail(`.${key}.${name}`, value, 'a size with its unit, such as 4GB or 4GiB')
    })
  }

  counts(key: string): Readonly<Record<string, number>> {
    const counts = this.#record(key, (name, value) => {
      return this.#number(value) ?? this.#fail(`.${key}.${name}`, value, 'a number from 0 up')
    })
    return counts ?? {}
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#options.get(key)
    if (value === undefined) return undefined
    const list = isList(value) ? value : [value]
    return list.map((item) => {
      if (typeof item === 'string' && item !== '') return item
      return this.#fail(`.${key}`, item, 'a name, or a list of names')
    })
  }

  time(key: string): string | undefined {
    const value = this.#options.get(key)
    if (value === undefined) return undefined
    return typeof value === 'string' && parseTime(value) !== undefined
      ? value
      : this.#fail(`.${key}`, value, A_TIME)
  }

  retry(): number | RetryOptions | undefined {
    const value = this.#options.get('retry')
    if (value === undefined) return undefined
    if (!isMap(value)) return this.#attempts('.retry', value)
    const inner = new OptionsReader(value, this.#place, `${this.#name}.retry`)
    inner.allow(['attempts', 'backoff', 'jitter', 'on'])
    const [backoff, on, jitter] = [inner.time('backoff'), inner.texts('on'), value.get('jitter')]
    const misspelt = on?.find((code) => code.startsWith('STEPWELL_') && !isErrorCode(code))
    if (misspelt !== undefined)
      return this.#fail('.retry.on', misspelt, 'codes of errors that there are')
    if (jitter !== undefined && typeof jitter !== 'boolean') {
      return this.#fail('.retry.jitter', jitter, 'true or false')
    }
    return {
      attempts: this.#attempts('.retry.attempts', value.get('attempts') ?? null),
      ...(backoff === undefined ? {} : { backoff }),
      ...(jitter === undefined ? {} : { jitter }),
      ...(on === undefined ? {} : { on }),
    }
  }

  #attempts(at: string, value: DvcValue): number {
    if (typeof value === 'bigint' && value >= 1n && value <= 1000n) return Number(value)
    return this.#fail(at, value, 'how often it is tried altogether, a whole number from 1 to 1000')
  }

  #number(value: DvcValue): number | undefined {
    const count = typeof value === 'bigint' ? Number(value) : value
    return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined
  }

  #record<T>(
    key: string,
    read: (name: string, value: DvcValue) => T,
  ): Readonly<Record<string, T>> | undefined {
    const map = this.#options.get(key)
    if (map === undefined) return undefined
    if (!isMap(map)) return this.#fail(`.${key}`, map, 'a map of names to amounts')
    const pairs = [...map].map(([name, value]) => {
      if (typeof name === 'string' && NAME.test(name)) return [name, read(name, value)] as const
      return this.#fail(`.${key}`, name, 'names of letters, digits, - and _')
    })
    return Object.fromEntries(pairs)
  }

  #fail(at: string, value: DvcValue, expected: string): never {
    throw dvcError(this.#place, {
      code: 'STEPWELL_DVC_YAML',
      summary: `${this.#name}${at} is ${kindName(value)}`,
      hint: `expected ${expected}`,
    })
  }
}
