#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Before anything else is imported: it spares compiling the engine and the pipeline at every start.
enableCompileCache()
// A reader that has gone, as after `| head`, does not end the run.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
const { main } = await import('./program.ts')
const code = await main(process.argv.slice(2))
// A step may have left a timer or a socket behind: the run is over all the same, once all is written.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((done) => {
    stream.write('', () => done())
  })
}
process.exit(code)
