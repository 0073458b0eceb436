#!/usr/bin/env node
import { runCreate } from './run-create.ts'

process.exitCode = await runCreate(process.argv.slice(2), {
  command: 'npm create stepwell',
  here: undefined,
  interactive: process.stdin.isTTY && process.stdout.isTTY,
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
})
