import type { Project } from './rig.ts'
import { Talking } from './talking.ts'

/** A watching command. */
export class Watching extends Talking {
  constructor(project: Project, ...args: string[]) {
    super(project, ['watch', ...args])
  }

  /** Waits until it is idle. */
  async idle(): Promise<string> {
    return await this.says(/^watching \d+ files?; Ctrl-C to end$/m)
  }

  get runs(): number {
    return this.all.match(/^run \S+ of /gm)?.length ?? 0
  }
}
