import { makeStepOf } from './make-step.ts'
import { checkOptions } from './step-options.ts'
import { checkEnvironment, checkLine, checkPlaceholders, type CommandOptions } from './command.ts'
import { fill, isLines, parseTemplate, scalarsOf, type Command } from './command-line.ts'
import { canonicalJson, UnencodableError, type Json } from '@stepwell/base/json'
import { timeOf, type Time } from '@stepwell/base/quantity'
import { type Inputs, type Step } from './step.ts'
import type { Ready, ServiceWork } from './work.ts'

/** When a service can be used; texts may hold `{params.name}`. */
export type ReadyOptions = (
  | { /** It answers here with a status of 2xx. */ readonly http: string }
  | { /** It takes connections at this port of the machine. */ readonly port: number | string }
  | { /** It prints this text. */ readonly log: string }
) & {
  /** How long that may take. @default '30 s' */
  readonly timeout?: Time
}

type Shared =
  | 'cmd'
  | 'shell'
  | 'dir'
  | 'passEnv'
  | 'inputs'
  | 'params'
  | 'dependsOn'
  | 'description'
  | 'version'
  | 'when'

export interface ServiceOptions<I extends Inputs, P extends object, V extends Json> extends Pick<
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no outs.
  CommandOptions<I, P, {}, 'log'>,
  Shared
> {
  readonly ready: ReadyOptions
  /** What steps that read it are given, such as its address: plain JSON. @default null */
  readonly value?: V
}

const NAMES = new Set(
  'cmd shell dir passEnv inputs params dependsOn description version when ready value'.split(' '),
)
const PATIENCE = 30_000

/**
 * Declares a command that stays up while the steps that read it are executed, such as a server. It is
 * started when the first of them is to be executed, and stopped at the end of the run. Those that read it
 * run again when its key changes.
 *
 * @throws TypeError on an unknown option or one of the wrong type, and as `command`.
 */
export function service<
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no inputs.
  I extends Inputs = {},
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no params.
  P extends object = {},
  V extends Json = null,
>(options: ServiceOptions<I, P, V>): Step<V> {
  checkOptions(options, 'service()', NAMES)
  const { cmd, shell, dir, passEnv, ready, value = null, ...rest } = options
  const command: Command = {
    ...checkLine({ cmd, shell, dir }),
    ...checkEnvironment({ passEnv }),
    namedFiles: true,
    inPlace: null,
  }
  const { inputs = {}, params = {} } = rest
  checkPlaceholders(command, inputs, {}, params)
  const { cmd: line } = command
  if (isLines(line)) throw new TypeError('Expected `cmd` of service() to be one command, not lines')
  const texts = typeof line === 'string' ? [line] : line
  if (texts.some((text) => parseTemplate(text).names.includes('scratch'))) {
    throw new TypeError('{scratch} is for work in progress, which a service() has none of')
  }
  const work: ServiceWork = {
    kind: 'service',
    command,
    ...checkReady(ready, params),
    value: checkValue(value),
  }
  // As of a command: where it is made does not matter.
  return makeStepOf<V>(work, rest, '')
}

/** A text of `ready` with the params filled in. */
export function fillParams(text: string, params: unknown): string {
  const scalars = scalarsOf(params)
  return fill(parseTemplate(text), (name) => {
    const value = name.startsWith('params.') ? scalars.get(name.slice('params.'.length)) : undefined
    if (value !== undefined) return value
    throw new TypeError(
      `Expected a placeholder in \`ready\` of service() to be a param, such as {params.port}, got {${name}}`,
    )
  })
}

function checkReady(ready: unknown, params: object): Pick<ServiceWork, 'ready' | 'timeout'> {
  const { timeout = PATIENCE, ...how } = (ready ?? {}) as Record<string, unknown>
  const [[kind, given] = [], ...others] = Object.entries(how)
  const text = kind === 'port' && typeof given === 'number' ? String(given) : given
  const isKnown = kind === 'http' || kind === 'port' || kind === 'log'
  if (!isKnown || others.length > 0 || typeof text !== 'string' || text === '') {
    throw new TypeError(
      'Expected `ready` of service() to be { http: address }, { port: number } or { log: text }',
    )
  }
  const filled = kind === 'log' ? text : fillParams(text, params)
  if (kind === 'http' && !(URL.canParse(filled) && /^https?:/.test(filled))) {
    throw new TypeError(`Expected \`ready.http\` of service() to be an address, got ${filled}`)
  }
  const port = Number(filled)
  if (kind === 'port' && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new TypeError(`Expected \`ready.port\` of service() to be a port, got ${filled}`)
  }
  const patience = timeOf(timeout as Time, '`ready.timeout` of service()')
  return { ready: readyOf(kind, text), timeout: patience }
}

function readyOf(kind: Ready['kind'], text: string): Ready {
  if (kind === 'http') return { kind, url: text }
  return kind === 'port' ? { kind, port: text } : { kind, text }
}

function checkValue(value: unknown): Json {
  try {
    return JSON.parse(canonicalJson(value)) as Json
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error
    throw new TypeError(`Expected \`value\` of service() to be plain JSON: ${error.message}`, {
      cause: error,
    })
  }
}
