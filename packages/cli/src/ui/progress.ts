import { createLogUpdate } from 'log-update'
import { type RunEvent } from '@stepwell/engine'
import { reasonText } from './reasons.ts'
import { itemsText, paintStatus } from './process-table.ts'
import { drawingStream, harmless } from './terminal.ts'
import { formatDuration, paint, plural } from './text.ts'

/** Shows a run while it goes on. */
export interface Progress {
  show(event: RunEvent): void
  /** Says something beside the run, on standard error, without disturbing what is on the screen. */
  note(text: string): void
  /** Leaves the screen to what follows. */
  end(): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80
const MAX_SHOWN = 8

/** A live view at the bottom of the terminal: what runs now, for how long, and its last log line. */
export function terminalProgress(): Progress {
  const update = createLogUpdate(drawingStream())
  const running = new Map<string, { readonly since: number; line: string }>()
  const ups = new Set<string>()
  let total = 0
  let ended = 0
  let frame = 0
  const note = (text: string): void => {
    update.clear()
    process.stderr.write(`${text}\n`)
  }
  const draw = (): void => {
    if (total === 0) return
    const spinner = FRAMES[frame % FRAMES.length] ?? ''
    frame += 1
    const shown = [...running].slice(0, MAX_SHOWN).map(([name, { since, line }]) => {
      const elapsed = formatDuration(performance.now() - since)
      return `${paint('cyan', spinner)} ${name} ${paint('gray', `${elapsed}${line && ` · ${line}`}`)}`
    })
    const more = running.size > MAX_SHOWN ? [`  and ${running.size - MAX_SHOWN} more`] : []
    const head = `${paint('bold', `${ended}/${total}`)} steps done, ${running.size} running${upsText(ups)}`
    update(harmless([...shown, ...more, head].join('\n'), true))
  }
  const timer = setInterval(draw, FRAME_MS)
  return {
    show(event) {
      switch (event.type) {
        case 'run-started':
          total = event.steps.length
          break
        case 'step-started':
          running.set(event.step, { since: performance.now(), line: '' })
          break
        case 'step-ongoing':
          running.delete(event.step)
          ups.add(event.step)
          break
        case 'step-log': {
          const step = running.get(event.step)
          if (step !== undefined) step.line = event.line
          break
        }
        case 'step-items': {
          const step = running.get(event.step)
          if (step !== undefined) step.line = itemsText(event.items)
          break
        }
        case 'step-retried':
          running.delete(event.step)
          note(`${paint('yellow', 'retry')}: ${retryText(event)}`)
          break
        case 'step-finished':
          running.delete(event.step)
          ups.delete(event.step)
          ended += 1
          break
        case 'warning':
          note(`${paint('yellow', 'warning')}: ${event.message}`)
          break
        case 'step-metric':
        case 'run-finished':
          break
      }
    },
    note,
    end() {
      clearInterval(timer)
      update.clear()
      update.done()
    },
  }
}

/** One line an event, for a pipe or a log file. */
export function plainProgress({ logs }: { readonly logs: boolean }): Progress {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  let begun = false
  return {
    show(event) {
      begun = true
      switch (event.type) {
        case 'run-started':
          say(`run ${event.run} of ${event.pipeline}: ${plural(event.steps.length, 'step')}`)
          break
        case 'step-started':
          say(`${event.step}: started (${reasonText(event.reasons)})`)
          break
        case 'step-retried':
          say(retryText(event))
          break
        case 'step-ongoing':
          say(`${event.step}: ${paintStatus('ongoing')}`)
          break
        case 'step-log':
          if (logs) say(`${event.step}: | ${event.line}`)
          break
        case 'step-finished':
          say(`${event.step}: ${paintStatus(event.status)} ${howItEnded(event)}`)
          break
        case 'warning':
          noteOnStderr(`warning: ${event.message}`)
          break
        case 'step-metric':
        case 'step-items':
        case 'run-finished':
          break
      }
    },
    note: noteOnStderr,
    end() {
      // A run that was refused has printed nothing that the table must stand apart from.
      if (begun) say('')
    },
  }
}

/** `, server up` */
function upsText(names: ReadonlySet<string>): string {
  return names.size === 0 ? '' : `, ${[...names].join(', ')} up`
}

/** `train: attempt 1 of 3 failed, again in 1.0 s: connection reset` */
function retryText({
  step,
  attempt,
  attempts,
  pause,
  error,
}: Extract<RunEvent, { type: 'step-retried' }>): string {
  const [first = ''] = error.message.split('\n')
  return `${step}: attempt ${attempt} of ${attempts} failed, again in ${formatDuration(pause)}: ${first}`
}

function howItEnded({
  status,
  duration,
  reasons,
}: Extract<RunEvent, { type: 'step-finished' }>): string {
  if (status !== 'skipped' && status !== 'cancelled') return `in ${formatDuration(duration)}`
  return `(${reasonText(reasons)})`
}

function noteOnStderr(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Nothing but warnings. */
export const quietProgress: Progress = {
  show: (event) => {
    if (event.type === 'warning') noteOnStderr(`warning: ${event.message}`)
  },
  note: noteOnStderr,
  end: () => undefined,
}

/** For what is told whole at the end. */
export const silentProgress: Progress = {
  show: () => undefined,
  note: noteOnStderr,
  end: () => undefined,
}

/** Every event as a line of JSON. */
export const eventProgress: Progress = {
  show: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
  note: noteOnStderr,
  end: () => undefined,
}
