/** How a step ended; `skipped`: what it needs failed or was skipped, or its condition does not hold. */
export type StepStatus = 'cached' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

/** `interrupted`: its process is gone and left no end. */
export type RunStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted'
