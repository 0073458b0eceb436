import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** Ctrl-C asks; the others tell: the system, a terminal that is closed or lost, Ctrl-\. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const HANGUP = 1n

export type Ending = (typeof SIGNALS)[number]

/** How often it was asked for an end by now, where more than once means at once. */
export function urged(before: number, signal: Ending): number {
  if (signal === 'SIGINT') return before + 1
  // A terminal tells each of its processes, and the first of them passes it on.
  return signal === 'SIGTERM' ? Math.max(before + 1, 2) : Math.max(before, 2)
}

/** Calls `listener` for each signal that asks this process to end, until what it returns is called. */
export function onEnding(listener: (signal: Ending) => void): () => void {
  const heard = SIGNALS.filter((signal) => {
    if (signal === 'SIGQUIT') return process.platform !== 'win32'
    return signal !== 'SIGHUP' || !outlivesTerminal
  })
  for (const signal of heard) process.on(signal, listener)
  return () => {
    for (const signal of heard) process.off(signal, listener)
  }
}

// Node forgets which signals it was started to ignore.
const outlivesTerminal = wasToldToOutlive()

/** Lets this process live on without its terminal, where it was started so, as by `nohup`. */
export function heedNohup(): void {
  if (outlivesTerminal) process.on('SIGHUP', () => undefined)
}

function wasToldToOutlive(): boolean {
  if (basename(process.env['_'] ?? '') === 'nohup') return true
  try {
    const status = readFileSync(`/proc/${process.ppid}/status`, 'utf8')
    const [, ignored = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status) ?? []
    // What starts a program hands on to it what it ignores.
    return (BigInt(`0x${ignored}`) & HANGUP) !== 0n
  } catch {
    return false
  }
}
