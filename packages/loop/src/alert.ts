import type { SecretHandle } from '@stepwell/engine'

/**
 * What an alert reports: `drift`: a monitor's status has become worse; `recovered`: it is `ok` again;
 * `failed`: a run failed, also at a closed gate, or could not be carried out; `updated`: a run that was
 * started because of drift succeeded.
 */
export type AlertKind = 'drift' | 'recovered' | 'failed' | 'updated'

export interface Alert {
  readonly kind: AlertKind
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly pipeline: string
  /** The trigger that it is about, or those. */
  readonly trigger: string
  /** In a sentence. */
  readonly text: string
  readonly reasons: readonly string[]
  /** The id of the run that it is about. */
  readonly run?: string
}

interface Filter {
  /** @default all */
  readonly on?: readonly AlertKind[]
}

/** Sends alerts to an address. */
export interface Webhook extends Required<Filter> {
  readonly kind: 'webhook'
  readonly url: string | SecretHandle
}

/** Runs a command for alerts. */
export interface Hook extends Required<Filter> {
  readonly kind: 'hook'
  readonly cmd: string
}

export type AlertTarget = Webhook | Hook

const KINDS: readonly AlertKind[] = ['drift', 'recovered', 'failed', 'updated']

/**
 * Sends alerts to an address by POST, as the JSON of `Alert`; its `text` is what chat services show.
 *
 * @param url or `secret('NAME')`, where the environment holds it
 * @throws TypeError
 */
export function webhook(url: string | SecretHandle, { on = KINDS }: Filter = {}): Webhook {
  const isAddress = typeof url === 'string' && URL.canParse(url) && /^https?:/.test(url)
  if (!isAddress && (typeof url !== 'object' || url?.kind !== 'secret')) {
    throw new TypeError(
      `Expected \`url\` of webhook() to be an http: or https: address, or made by secret()`,
    )
  }
  return { kind: 'webhook', url, on: checkKinds(on, 'webhook') }
}

/**
 * Runs a command of the shell for alerts, in the project directory. It finds the JSON of `Alert` on its
 * standard input, and its kind and text as STEPWELL_ALERT and STEPWELL_TEXT in the environment.
 *
 * @throws TypeError
 */
export function hook(cmd: string, { on = KINDS }: Filter = {}): Hook {
  if (typeof cmd !== 'string' || cmd.trim() === '') {
    throw new TypeError('Expected `cmd` of hook() to be a command')
  }
  return { kind: 'hook', cmd, on: checkKinds(on, 'hook') }
}

function checkKinds(on: readonly AlertKind[], of: string): readonly AlertKind[] {
  const other = on.find((kind) => !KINDS.includes(kind))
  if (other === undefined) return on
  throw new TypeError(`Expected \`on\` of ${of}() to list of ${KINDS.join(', ')}, got ${other}`)
}
