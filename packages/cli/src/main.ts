#!/usr/bin/env node
// No named import, which an older Node would refuse before anything could be said.
import module from 'node:module'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `stepwell: Node 22.18 or newer is needed, and this is ${process.versions.node}; install a newer Node, or add one to the project: npm install node@24 (STEPWELL_NODE_VERSION)\n`,
  )
  process.exit(2)
}
// Before anything else is imported: it spares compiling the engine and the pipeline at every start.
module.enableCompileCache()
// A reader that has gone, as after `| head`, or a terminal that was closed, does not end the run.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}
const { guardTerminal } = await import('./ui/terminal.ts')
guardTerminal()
const { heedNohup } = await import('./ui/ending.ts')
heedNohup()
const { main } = await import('./program.ts')
const code = await main(process.argv.slice(2))
// A step may have left a timer or a socket behind: the run is over all the same, once all is written.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((done) => {
    stream.write('', () => done())
  })
}
process.exit(code)
