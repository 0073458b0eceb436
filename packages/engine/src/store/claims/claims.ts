import type { StepKey } from '../../identity/fingerprint.ts'

/** Who executes which step: equal work of several processes is done once. */
export interface Claims {
  /**
   * Takes the claim if no other process executes that step now; `undefined` if one does, or wants to at the
   * same time.
   */
  tryTake(key: StepKey): Claim | undefined
  /**
   * Waits until no other process executes that step. A process that has died holds nothing.
   * @throws the reason of the signal when it aborts meanwhile.
   */
  take(key: StepKey, waiting: Waiting): Promise<Claim>
}

export interface Claim {
  release(): void
}

export interface Waiting {
  readonly signal: AbortSignal
  /** Called once, when the wait grows long, with the process that is waited for. */
  readonly waiting: (owner: string) => void
}
