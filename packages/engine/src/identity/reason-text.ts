import { clip } from '@stepwell/base/text'
import type { Json } from '@stepwell/base/json'
import type { Change, Reason } from './reason.ts'

const MOST_FILES = 3
const FOUND = {
  missing: 'was missing: it is put back',
  replaced: 'was of another run: it is put back',
  edited: 'was edited: it is put back',
} as const
const MAX = 60
// Of a long text, this much before the first difference.
const LEAD = 12

/** A reason in words, as a clause: "`params.alpha` 0.1 -> 0.2". */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'unchanged':
      return `unchanged since run ${reason.run}`
    case 'accepted':
      return `accepted: because ${show(reason.because)} (${reason.by}, ${day(reason.at)}), first made by run ${reason.run}`
    case 'adopted':
      return `taken as it is: ${reason.because}`
    case 'new':
      return 'never succeeded before'
    case 'lost':
      return 'its outputs are not in the cache'
    case 'forced':
      return 'forced'
    case 'service':
      return serviceText(reason)
    case 'condition':
      return 'its condition does not hold'
    case 'uncacheable':
      return `never cached: ${reason.why}`
    case 'problem':
      return reason.message
    case 'param':
      return `params.${reason.path} ${showChange(reason.before, reason.after)}`
    case 'input':
      return `input \`${reason.name}\` (${reason.source}) ${reason.change}${filesText(reason)}`
    case 'env':
      return `env ${reason.name} ${showChange(reason.before, reason.after)}`
    case 'code-env':
      return `the environment variable ${reason.name}, which its code reads, changed`
    case 'code':
      return `code: ${reason.part}${linesText(reason.lines)} ${past(reason.change)}`
    case 'command':
      return commandReasonText(reason)
    case 'pin':
      return pinText(reason.before, reason.after)
    case 'depends-on':
      return `\`dependsOn\` ${reason.source} ${reason.change}`
    case 'package':
      return `package ${reason.name} ${reason.before ?? 'none'} -> ${reason.after ?? 'none'}`
    case 'site':
      return `it is now made at ${reason.after}, before at ${reason.before}`
    case 'format':
      return `the format of keys ${reason.before} -> ${reason.after}, of another version of Stepwell`
    case 'node':
      return `Node ${reason.before} -> ${reason.after}`
    case 'version':
      return `version ${show(reason.before)} -> ${show(reason.after)}`
    case 'artifact':
      return `its stored ${reason.output} is ${reason.problem}`
    case 'effect':
      return reason.why
    case 'out-path':
      return `its out \`${reason.name}\` was ${reason.change}`
    case 'restored':
      return `${reason.path} ${FOUND[reason.problem]}${asideText(reason.aside)}`
    case 'kept-edit':
      return `${reason.path} was edited, and the edit is kept`
    case 'touched':
      return reason.run === undefined
        ? `${reason.source} was touched while it was in use: what was made is not in the cache`
        : `${reason.source} was touched while run ${reason.run} used it: what that made is not in the cache`
    case 'upstream':
      return `depends on the output of ${reason.steps.join(', ')}`
    case 'blocked':
      return `blocked by ${reason.by.join(', ')}`
    case 'stopped':
      return reason.by === null ? 'the run was cancelled' : `not started after ${reason.by} failed`
  }
}

export type { Reason } from './reason.ts'

/** `: a.png changed, b.png added, and 2 more` */
function filesText({ files = [], moreFiles = 0 }: Extract<Reason, { kind: 'input' }>): string {
  if (files.length === 0) return ''
  const shown = files.slice(0, MOST_FILES).map(({ path, change }) => `${path} ${change}`)
  const more = files.length - shown.length + moreFiles
  return `: ${[...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')}`
}

function serviceText({ state, by }: Extract<Reason, { kind: 'service' }>): string {
  if (state === 'not-needed') return 'not needed'
  if (state === 'kept') return 'still up, and the same'
  return by === null ? 'wanted' : `needed by ${by}`
}

function asideText(aside: string | undefined): string {
  return aside === undefined ? '' : `; what was there is now ${aside}`
}

/** `:12-20`, to be put after the name of a file. */
export function linesText(lines: readonly [first: number, last: number] | undefined): string {
  if (lines === undefined) return ''
  const [first, last] = lines
  return first === last ? `:${first}` : `:${first}-${last}`
}

function commandReasonText({ part, before, after }: Extract<Reason, { kind: 'command' }>): string {
  if (part !== 'cmd') return `the command's ${part} changed: ${showChange(before, after)}`
  if (before === undefined) return `it runs a command now: ${show(after)}`
  if (after === undefined) return `it calls a function now, before it ran ${show(before)}`
  return `the command changed: ${showChange(before, after)}`
}

function pinText(before: string | null, after: string | null): string {
  if (after === null) return `code: tracked again, before pinned at ${before}`
  return `code: pinned at ${after}, before ${before === null ? 'tracked' : `pinned at ${before}`}`
}

function past(change: Change): string {
  return change === 'added'
    ? 'is newly reached'
    : change === 'removed'
      ? 'is no longer reached'
      : 'changed'
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/**
 * Old and new value, shortened to what differs: for long lists the removed and added items, for long texts
 * the first difference.
 */
function showChange(before: Json | undefined, after: Json | undefined): string {
  const [old, now] = [textOf(before), textOf(after)]
  if (old.length <= MAX && now.length <= MAX) return `${old} -> ${now}`
  if (Array.isArray(before) && Array.isArray(after)) {
    const went = without(before.map(textOf), after.map(textOf)).map((item) => `-${clip(item, MAX)}`)
    const came = without(after.map(textOf), before.map(textOf)).map((item) => `+${clip(item, MAX)}`)
    if (went.length + came.length > 0) return clip([...went, ...came].join(' '), MAX)
  }
  let same = 0
  while (same < old.length && old[same] === now[same]) same += 1
  const from = Math.max(0, same - LEAD)
  const part = (text: string) => clip(from === 0 ? text : `…${text.slice(from)}`, MAX)
  return `${part(old)} -> ${part(now)}`
}

/** What is left of a list when each item of another one is taken out once. */
function without(items: readonly string[], others: readonly string[]): string[] {
  const left = [...items]
  for (const other of others) {
    const at = left.indexOf(other)
    if (at !== -1) left.splice(at, 1)
  }
  return left
}

function show(value: Json | undefined): string {
  return clip(textOf(value), MAX)
}

function textOf(value: Json | undefined): string {
  return value === undefined ? 'unset' : JSON.stringify(value)
}
