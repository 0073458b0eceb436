/** What a loop made of a trigger, and what came of it. */
export interface Decision {
  /** When it was made, in milliseconds since the epoch: before the run that it led to. */
  readonly at: number
  readonly trigger: string
  readonly kind: 'schedule' | 'new-data' | 'drift'
  /** `run`: steps are run; `wait`: there is no need to. */
  readonly decision: 'run' | 'wait'
  /** In a sentence. */
  readonly why: string
  /** Of drift: the run whose judgement it is about. */
  readonly judged?: string
  /** Names of the steps wanted. */
  readonly targets?: readonly string[]
  /** The id of the run that it led to. */
  readonly run?: string
  readonly outcome?: 'succeeded' | 'failed'
  /** Why it failed: the step and the first line of its message. */
  readonly failure?: string
}
