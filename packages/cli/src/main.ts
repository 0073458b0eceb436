#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Before anything else is imported: it spares compiling the engine and the pipeline at every start.
enableCompileCache()
const { main } = await import('./program.ts')
process.exitCode = await main(process.argv.slice(2))
