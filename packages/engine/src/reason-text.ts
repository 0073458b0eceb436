import type { Json } from './json.ts'
import type { Change, Reason } from './reason.ts'

const MOST_FILES = 3
const FOUND = {
  missing: 'was missing: it is put back',
  replaced: 'was of another run: it is put back',
  edited: 'was edited: it is put back',
} as const

/** A reason in words, as a clause: "`params.alpha` 0.1 -> 0.2". */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'unchanged':
      return `unchanged since run ${reason.run}`
    case 'accepted':
      return `accepted: because ${show(reason.because)} (${reason.by}, ${day(reason.at)}), first made by run ${reason.run}`
    case 'new':
      return 'never succeeded before'
    case 'lost':
      return 'its outputs are not in the cache'
    case 'forced':
      return 'forced'
    case 'uncacheable':
      return `never cached: ${reason.why}`
    case 'problem':
      return reason.message
    case 'param':
      return `params.${reason.path} ${show(reason.before)} -> ${show(reason.after)}`
    case 'input':
      return `input \`${reason.name}\` (${reason.source}) ${reason.change}${filesText(reason)}`
    case 'env':
      return `env ${reason.name} ${show(reason.before)} -> ${show(reason.after)}`
    case 'code-env':
      return `the environment variable ${reason.name}, which its code reads, changed`
    case 'code':
      return `code: ${reason.part}${linesText(reason.lines)} ${past(reason.change)}`
    case 'pin':
      return pinText(reason.before, reason.after)
    case 'depends-on':
      return `\`dependsOn\` ${reason.source} ${reason.change}`
    case 'package':
      return `package ${reason.name} ${reason.before ?? 'none'} -> ${reason.after ?? 'none'}`
    case 'site':
      return `it is now made at ${reason.after}, before at ${reason.before}`
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
      return `${reason.path} was edited and is kept so`
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

function asideText(aside: string | undefined): string {
  return aside === undefined ? '' : `; what was there is now ${aside}`
}

/** `:12-20`, to be put after the name of a file. */
export function linesText(lines: readonly [first: number, last: number] | undefined): string {
  if (lines === undefined) return ''
  const [first, last] = lines
  return first === last ? `:${first}` : `:${first}-${last}`
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

function show(value: Json | undefined): string {
  if (value === undefined) return 'unset'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
