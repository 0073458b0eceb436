import { parseIni } from '../format/ini.ts'
import type { FlagStyle } from '../value/flags.ts'
import type { ProjectFiles } from './project-files.ts'

/** What of `.dvc/config` and `.dvc/config.local` counts here. */
export interface DvcConfig {
  readonly flags: FlagStyle
  /** As written: relative to `.dvc`. */
  readonly cacheDir: string
  /** Whether Git is left alone. */
  readonly noScm: boolean
}

export function readConfig(files: ProjectFiles): DvcConfig {
  const texts = ['.dvc/config', '.dvc/config.local'].map((path) => files.text(path) ?? '')
  const layers = texts.map(parseIni).toReversed()
  const option = (section: string, name: string): string | undefined =>
    layers.map((layer) => layer.get(section)?.get(name)).find((value) => value !== undefined)
  return {
    flags: {
      bool: option('parsing', 'bool') === 'boolean_optional' ? 'boolean_optional' : 'store_true',
      list: option('parsing', 'list') === 'append' ? 'append' : 'nargs',
    },
    cacheDir: option('cache', 'dir') ?? 'cache',
    noScm: option('core', 'no_scm')?.toLowerCase() === 'true',
  }
}
