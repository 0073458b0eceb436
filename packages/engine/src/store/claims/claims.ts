import type { StepKey } from '../../identity/fingerprint.ts'

/** Who executes which step: equal work of several processes is done once. */
export interface Claims {
  /**
   * Takes it if nobody else executes that step now; `undefined` if somebody does, or wants to at the
   * same time.
   */
  tryTake(key: StepKey): Claim | undefined
  /**
   * Waits until nobody else executes that step. A process that has died holds nothing.
   * @throws the reason of the signal when it aborts meanwhile.
   */
  take(key: StepKey, waiting: Waiting): Promise<Claim>
}

export interface Claim {
  release(): void
}

export interface Waiting {
  readonly signal: AbortSignal
  /** Told once, when it takes long, for whom. */
  readonly waiting: (owner: string) => void
}
