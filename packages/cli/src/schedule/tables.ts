import type { Decision, LiveLoop, Loop, NamedTrigger } from '@stepwell/loop'
import { renderTable } from '../ui/table.ts'
import { formatTime, paint, visible } from '../ui/text.ts'

/** The triggers of a loop and what was decided, for people. */
export function scheduleTables(
  { triggers }: Loop,
  live: LiveLoop | undefined,
  decisions: readonly Decision[],
): string {
  const next = new Map(live?.triggers.map((trigger) => [trigger.name, trigger.next]))
  const upcoming = (trigger: NamedTrigger): string => {
    const at = next.get(trigger.name)
    if (live === undefined) return '-'
    return at === undefined ? 'when it happens' : formatTime(at)
  }
  return [
    renderTable(
      ['trigger', 'when', 'runs', 'next'],
      triggers.map((trigger) => [
        trigger.name,
        whenText(trigger),
        trigger.run.join(', '),
        upcoming(trigger),
      ]),
    ),
    ...(decisions.length === 0 ? [] : [decisionsTable(decisions)]),
    live === undefined ? 'no loop is up: stepwell schedule' : upText(live),
  ].join('\n\n')
}

/** `loop up: process 1127 on host since 2026-11-24T14:57:42.114Z (stepwell schedule)` */
export function upText({ owner }: LiveLoop): string {
  return `loop up: ${owner}`
}

function decisionsTable(decisions: readonly Decision[]): string {
  return renderTable(
    ['at', 'trigger', 'decision', 'outcome', 'why'],
    decisions.map(({ at, trigger, decision, outcome, failure, why }) => [
      formatTime(at),
      trigger,
      decision,
      outcome === undefined ? '-' : paint(outcome === 'failed' ? 'red' : 'green', outcome),
      visible(failure === undefined ? why : `${why}; ${failure}`),
    ]),
    ['why'],
  )
}

/** `monitor says alert`, `0 6 * * 1 (Europe/Vienna)`, `new data in data/*.csv` */
function whenText(trigger: NamedTrigger): string {
  switch (trigger.kind) {
    case 'schedule':
      return trigger.timezone === undefined ? trigger.cron : `${trigger.cron} (${trigger.timezone})`
    case 'drift':
      return `${trigger.monitor} says ${trigger.from === 'warn' ? 'warn or alert' : 'alert'}`
    case 'new-data': {
      const places = trigger.data.map((data) =>
        'patterns' in data ? data.patterns.join(', ') : data.path,
      )
      return `new data in ${places.join(', ')}`
    }
  }
}
