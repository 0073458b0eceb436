/**
 * How a step ended; `skipped`: what it needs failed or was skipped, its condition does not hold, or it is a
 * service that was not needed; `ongoing`: a service that is up.
 */
export type StepStatus = 'cached' | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'ongoing'

/** `interrupted`: its process is gone and left no end. */
export type RunStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted'
