/** The messages to a user who interrupts a run, by how it is stopped. */
export const STOPPING = {
  finish: 'stopping: running steps may finish, no others start; interrupt again to stop them',
  kill: 'stopping the running steps; their outputs are dropped',
} as const
