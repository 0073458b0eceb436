import type { Command } from '../commander.ts'
import type { Cli } from '../cli.ts'
/** Adds `stepwell init`. */
export function register({ program, exit }: Cli): void {
  program
    .command('init [directory]')
    .description('add a pipeline to this directory, or to a new one; --help lists the templates')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_directory: string | undefined, _options: object, self: Command) => {
      const { init } = await import('../init-project.ts')
      exit(await init(self.args))
    })
}
