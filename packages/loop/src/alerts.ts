import type { RunRecord } from '@stepwell/engine'
import type { Alert, AlertTarget } from './alert.ts'
import type { Due } from './due.ts'
import { sendAlert } from './send-alert.ts'
import { isAsBad, type Status } from './trigger.ts'

export interface AlertsPlace {
  readonly pipeline: string
  readonly to: readonly AlertTarget[]
  /** The project directory. */
  readonly dir: string
  /** Aborted when what is on its way is not to be waited for any more. */
  readonly giveUp: AbortSignal
  readonly sent: (alert: Alert, problem: string | undefined) => void
}

/** What a loop tells others, sent while it goes on. */
export class Alerts {
  readonly #place: AlertsPlace
  readonly #sending = new Set<Promise<void>>()
  /** Judgements by trigger that were told of, though what they led to has not ended yet. */
  readonly #toldOf = new Map<string, string>()

  constructor(place: AlertsPlace) {
    this.#place = place
  }

  /** @param before the status that the monitor had */
  ofStatus({ trigger, judgement, judged, why, news }: Due, before: Status): void {
    if (judgement === undefined || news.judged === undefined) return
    // A run that could not be carried out is tried again.
    if (this.#toldOf.get(trigger) === news.judged) return
    this.#toldOf.set(trigger, news.judged)
    const { status, reasons = [] } = judgement
    if (status === before) return
    const isWorse = isAsBad(status, before)
    if (!isWorse && status !== 'ok') return
    const run = judged === undefined ? {} : { run: judged }
    this.#tell({ kind: isWorse ? 'drift' : 'recovered', trigger, reasons, ...run }, why)
  }

  /** @param failure why the run failed, if it did */
  ofRun(due: readonly Due[], { id, status }: RunRecord, failure: string | undefined): void {
    const trigger = namesOf(due)
    const about = { trigger, reasons: due.map(({ why }) => why), run: id }
    if (status === 'failed') {
      const why = failure ?? 'no reason was given'
      this.#tell({ kind: 'failed', ...about }, `the run for ${trigger} failed: ${why}`)
    } else if (due.some(({ kind }) => kind === 'drift')) {
      this.#tell({ kind: 'updated', ...about }, `the run for ${trigger} succeeded`)
    }
  }

  /** That a run could not be carried out, and is tried again. */
  ofTrouble(due: readonly Due[], why: string): void {
    const trigger = namesOf(due)
    const about = { kind: 'failed', trigger, reasons: due.map((each) => each.why) } as const
    this.#tell(about, `the run for ${trigger} could not be carried out, and is tried again: ${why}`)
  }

  /** What was decided about is news when it comes again. */
  forget(due: readonly Due[]): void {
    for (const { trigger } of due) this.#toldOf.delete(trigger)
  }

  /** Waits for those that are on their way. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending)
  }

  #tell(about: Omit<Alert, 'at' | 'pipeline' | 'text'>, text: string): void {
    const { pipeline, to } = this.#place
    const alert: Alert = { ...about, at: Date.now(), pipeline, text: `${pipeline}: ${text}` }
    for (const each of to) {
      if (!each.on.includes(alert.kind)) continue
      const sending = this.#send(each, alert).finally(() => this.#sending.delete(sending))
      this.#sending.add(sending)
    }
  }

  async #send(to: AlertTarget, alert: Alert): Promise<void> {
    this.#place.sent(alert, await sendAlert(to, alert, this.#place.dir, this.#place.giveUp))
  }
}

function namesOf(due: readonly Due[]): string {
  return due.map(({ trigger }) => trigger).join(', ')
}
