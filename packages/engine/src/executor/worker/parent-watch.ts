import { Worker } from 'node:worker_threads'

/** The file descriptor of a pipe whose other end only the process of the engine holds. */
const PARENT_FD = 4

// In a thread of its own: the main thread may be computing.
const WATCH = `
const { Socket } = require('node:net')
const end = () => {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
}
new Socket({ fd: ${PARENT_FD}, readable: true, writable: false }).on('error', end).on('close', end).resume()
`

/**
 * Ends this process as soon as that of the engine is gone, however either of them was busy, with what it
 * has started: it leads a process group.
 */
export function liveWithParent(): void {
  process.on('disconnect', () => process.exit(1))
  new Worker(WATCH, { eval: true, execArgv: [], env: {}, stdin: false }).unref()
}
