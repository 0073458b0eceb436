import type { Decision, LoopEvent } from '@stepwell/loop'
import { formatTime, paint, visible } from '../ui/text.ts'

/** What happened in a loop, for people: lines, none where the run itself has said it. */
export function loopText(event: LoopEvent): string[] {
  switch (event.type) {
    case 'decided':
      return event.decisions.map(decisionText)
    case 'ended':
      return event.decisions.flatMap(({ trigger, outcome, failure }) =>
        outcome === 'failed' ? [`${trigger}: ${paint('red', 'failed')}: ${failure ?? ''}`] : [],
      )
    case 'failed':
      return [`${paint('red', 'failed')}: ${event.why}; again at ${formatTime(event.again)}`]
    case 'alerted': {
      const { alert, problem } = event
      return [
        problem === undefined
          ? `alert sent: ${visible(alert.text)}`
          : `${paint('red', 'alert not sent')}: ${visible(alert.text)}: ${visible(problem)}`,
      ]
    }
    case 'idle': {
      const { next } = event
      const until = next === undefined ? '' : `; next by schedule at ${formatTime(next)}`
      return [`waiting for what comes${until}; Ctrl-C to end`]
    }
  }
}

function decisionText({ at, trigger, decision, why, targets = [] }: Decision): string {
  const then = decision === 'run' ? `running ${targets.join(', ')}` : 'nothing to do'
  return `${formatTime(at)} ${paint('bold', trigger)}: ${visible(why)}: ${then}`
}
