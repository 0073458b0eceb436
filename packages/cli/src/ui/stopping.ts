/** The messages to a user who interrupts a run, by how it is stopped. */
export const STOPPING = {
  finish: 'stopping: what runs may end, nothing new starts; again to stop that too',
  kill: 'stopping what runs; its outputs are dropped',
} as const
