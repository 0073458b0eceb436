/** How a step ended. */
export type StepStatus = 'cached' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

/** `interrupted`: its process is gone and left no end. */
export type RunStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted'
