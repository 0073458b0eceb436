import { dirname, resolve } from 'node:path'
import { importGraph } from '../reach/import-graph.ts'
import { Modules } from '../reach/modules.ts'
import { ownFiles } from '../resolve/own.ts'
import { TextCache } from '../parse/text-cache.ts'

/**
 * The local files behind a module, whether it can be loaded or not, with those that it imports and that
 * are not there; absolute.
 */
export function sourceFiles(file: string, dir: string): string[] {
  const modules = new Modules(dir, Infinity, new TextCache())
  importGraph([file], modules)
  const missing = [...modules.all].flatMap((module) =>
    (module.units?.imports ?? [])
      .map(({ specifier }) => specifier)
      .filter((each) => /^\.\.?\//.test(each) && modules.follow(each, module) === undefined)
      .map((each) => resolve(dirname(module.file), each)),
  )
  return [...new Set([file, ...ownFiles(modules.sources.sights), ...missing])]
}
