// What a worker thread or process starts with. Small: the cache of compiled code is to be had before
// anything else is imported.
import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

const { cache } = (workerData ?? JSON.parse(process.argv[2] ?? '{}')) as { readonly cache?: string }
if (cache !== undefined) enableCompileCache(cache)
if (parentPort === null) {
  // A terminal's interrupt is for the run, which then tells its steps.
  process.on('SIGINT', () => undefined)
  const { liveWithParent } = await import('./parent-watch.ts')
  liveWithParent()
}
const { serve } = await import('./worker-main.ts')
serve()
