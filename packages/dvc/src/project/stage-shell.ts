import { basename } from 'node:path'
import type { Stage } from './stage.ts'

const QUIET: Readonly<Record<string, readonly string[]>> = {
  // Without what would be read at the start, which differs from person to person.
  zsh: ['--no-rcs'],
  bash: ['--noprofile', '--norc'],
}

/**
 * The shell that runs a stage's commands, with its options. As in DVC, a command fails when its last part does.
 * @param shell what `SHELL` is in the environment
 */
export function stageShell(shell: string | undefined): readonly string[] {
  const path = shell === undefined || shell === '' ? '/bin/sh' : shell
  const name = basename(path).toLowerCase()
  return [path, ...(Object.hasOwn(QUIET, name) ? (QUIET[name] ?? []) : [])]
}

/** The program and its arguments that run one of a stage's commands. */
export function shellArguments(command: string, shell: string | undefined): readonly string[] {
  return [...stageShell(shell), '-c', command]
}

/** The environment variables that DVC sets for the commands of a stage. */
export function stageEnvironment(
  stage: Stage,
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return { DVC_ROOT: environment['DVC_ROOT'] ?? root, DVC_STAGE: stage.address }
}
