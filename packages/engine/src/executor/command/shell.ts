import { basename } from 'node:path'
import { findProgram } from '@stepwell/base/program'
import type { CommandLine } from '../../define/command-line.ts'

/** How a shell is started on a text. */
export interface Shell {
  readonly program: string
  /** What comes before `-c` and the text. */
  readonly options: readonly string[]
  /** What comes before the text, in its first line, so that what the shell says about a line is right. */
  readonly before: string
}

/** What a shell is named by: its path, or that with options of its own. */
type Named = NonNullable<CommandLine['shell']>

const ERRORS = ['-e', '-o', 'pipefail']
// Start-up files are not read: they make what a text does depend on who runs it.
const STRICT: Readonly<Record<string, Omit<Shell, 'program'>>> = {
  // Else a failure within `$( )` would be passed over. Not known before bash 4.4.
  bash: {
    options: ['--noprofile', '--norc', ...ERRORS],
    before: 'shopt -s inherit_errexit 2>/dev/null || :; ',
  },
  zsh: { options: ['--no-rcs', ...ERRORS], before: '' },
  ...sameFor(['ksh', 'ksh93', 'mksh'], { options: ERRORS, before: '' }),
  // Some of them know `pipefail`, and the others end when they are asked for it.
  ...sameFor(['sh', 'dash', 'ash', 'yash'], {
    options: ['-e'],
    before: '(set -o pipefail) 2>/dev/null && set -o pipefail; ',
  }),
}
const PLAIN = { options: [], before: '' }

/**
 * A shell as it is started: one that is named by its path alone ends at the first failure, in a pipe too, where
 * it is one that can; one that is named with options is started with these and no others.
 */
export function shellOf(named: Named): Shell {
  if (typeof named !== 'string') {
    const [program = '', ...options] = named
    return { program, options, before: '' }
  }
  const name = basename(named)
  const known = Object.hasOwn(STRICT, name) ? STRICT[name] : undefined
  const program = named.includes('/') ? named : (findProgram(named) ?? named)
  return { program, ...(known ?? PLAIN) }
}

function sameFor<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]))
}
