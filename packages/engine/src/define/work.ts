import type { AnyStepFunction } from './context.ts'
import type { Command } from './command-line.ts'
import type { Json } from '@stepwell/base/json'

/** What a step does when it is executed. */
export type Work = FunctionWork | MapWork | CommandWork | ServiceWork

/** Calls a function once, with all inputs. */
export interface FunctionWork {
  readonly kind: 'function'
  readonly run: AnyStepFunction
  /** What stands for its code, in place of what an analysis would find. */
  readonly pin: string | undefined
}

/** Calls a function once for each item of its input `item`. */
export interface MapWork {
  readonly kind: 'map'
  readonly run: AnyStepFunction
  readonly pin: string | undefined
  /** How many items an executor is given at once; `undefined`: as many as seem good. */
  readonly batch: number | undefined
  /** What an item is called in logs and errors. */
  readonly label: ((item: never) => string) | undefined
}

/** Runs a command to its end. */
export interface CommandWork {
  readonly kind: 'command'
  readonly command: Command
}

/** Runs a command that stays up while other steps read it. */
export interface ServiceWork {
  readonly kind: 'service'
  readonly command: Command
  readonly ready: Ready
  /** How long it may take until it is ready, in milliseconds. */
  readonly timeout: number
  /** What the steps that read it are given. */
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

/** The name of the input under which a mapped function receives its item. */
export const ITEM = 'item'

// The text of a command is in the key by itself.
const COMMAND_CODE = 'its command'

/** The command that a step runs, if it runs one. */
export function commandOf(work: Work): Command | undefined {
  return 'command' in work ? work.command : undefined
}

/** The function that a step calls, if it calls one. */
export function functionOf(work: Work): AnyStepFunction | undefined {
  return 'run' in work ? work.run : undefined
}

/** The text that stands for the code of a step; `undefined` where the analysis finds it. */
export function pinOf(work: Work): string | undefined {
  return 'pin' in work ? work.pin : COMMAND_CODE
}
