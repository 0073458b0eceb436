import { isBuiltin } from 'node:module'
import { basename, dirname } from 'node:path'
import { ResolverFactory, type NapiResolveOptions } from 'oxc-resolver'
import { conditions as customConditions } from './conditions.ts'
import type { Lookups } from './lookups.ts'

/** Absolute, real paths of all that a specifier may lead to; empty for a module of Node itself. */
export type Resolve = (specifier: string, importer: string) => readonly string[] | undefined

const CODE = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.node']

/**
 * Resolves as Node does, with the conditions that this process runs with, and also as loaders do that
 * heed `tsconfig.json`: which of them loaded a module cannot be told, so whatever one of them finds
 * counts.
 */
export function createResolve(lookups: Lookups): Resolve {
  const conditions = ['node', 'module-sync', 'node-addons', ...customConditions()]
  const shared = { extensions: CODE, mainFields: ['main'] }
  const resolvers = ['import', 'require'].flatMap((condition) => {
    const options: NapiResolveOptions = { ...shared, conditionNames: [...conditions, condition] }
    return [new ResolverFactory(options), new ResolverFactory({ ...options, tsconfig: 'auto' })]
  })
  return (specifier, importer) => {
    if (isBuiltin(specifier)) return []
    const found = resolveAll(specifier, importer)
    if (found.length > 0) return found
    // `./x.js` may stand for `x.ts` where no `x.js` has been made yet.
    const stem = specifier.replace(/\.[cm]?jsx?$/, '')
    const sources = stem === specifier ? [] : resolveAll(stem, importer)
    return sources.length === 0 ? undefined : sources
  }

  function resolveAll(specifier: string, importer: string): readonly string[] {
    // Looked at before it is decided: what changes meanwhile is then seen to have changed.
    lookups.follow(specifier, dirname(importer))
    const found = resolvers.flatMap((resolver) => {
      const { path } = resolver.resolveFileSync(importer, specifier)
      return path === undefined ? [] : [path.replace(/\?.*$/, '')]
    })
    return [...new Set([...new Set(found)].flatMap(withTwins))]
  }

  // Loaders differ in which of `x.ts` and `x.js` they take when both are there: then either may run.
  function withTwins(path: string): string[] {
    const extension = CODE.find((each) => path.endsWith(each))
    if (extension === undefined) return [path]
    const stem = path.slice(0, -extension.length)
    const name = basename(path).slice(0, -extension.length)
    const beside = lookups.beside(dirname(path), name)
    const twins = CODE.filter((each) => beside.has(name + each))
    return [path, ...twins.map((each) => stem + each)]
  }
}
