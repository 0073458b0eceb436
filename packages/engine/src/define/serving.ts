import type { Json } from '@stepwell/base/json'

/** What a step that stays up while others read it was declared with, besides its command. */
export interface Serving {
  readonly ready: Ready
  /** How long it may take until it is ready, in milliseconds. */
  readonly timeout: number
  /** What those that read it are given. */
  readonly value: Json
}

/** How to find out that a service can be used. Texts hold placeholders of params, as a command does. */
export type Ready =
  /** It answers with a status of 2xx. */
  | { readonly kind: 'http'; readonly url: string }
  /** It takes connections at a port of this machine. */
  | { readonly kind: 'port'; readonly port: string }
  /** It prints a text. */
  | { readonly kind: 'log'; readonly text: string }
