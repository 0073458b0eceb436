import { runCreate } from 'create-stepwell'
import { EXIT, type ExitCode } from './exit-code.ts'

/**
 * Adds a pipeline to the current directory.
 * @param args the arguments after `init`
 */
export async function init(args: readonly string[]): Promise<ExitCode> {
  const code = await runCreate(args, {
    command: 'stepwell init',
    here: '.',
    interactive: process.stdin.isTTY && process.stdout.isTTY,
    out: (line) => process.stdout.write(`${line}\n`),
    error: (line) => process.stderr.write(`${line}\n`),
  })
  return code === 0 ? EXIT.ok : code === 130 ? EXIT.interrupted : EXIT.usage
}
