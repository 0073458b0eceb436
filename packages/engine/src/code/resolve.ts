import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { ResolverFactory, type NapiResolveOptions } from 'oxc-resolver'

/** Absolute, real paths of all that a specifier may lead to; empty for a module of Node itself. */
export type Resolve = (specifier: string, importer: string) => readonly string[] | undefined

const CODE = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.node']

/**
 * Resolves as Node does, with the conditions that this process runs with, and also as loaders do that
 * heed `tsconfig.json`: which of them loaded a module cannot be told, so whatever one of them finds
 * counts.
 */
export function createResolve(): Resolve {
  const conditions = ['node', 'module-sync', 'node-addons', ...customConditions()]
  const shared = { extensions: CODE, mainFields: ['main'] }
  const resolvers = ['import', 'require'].flatMap((condition) => {
    const options: NapiResolveOptions = { ...shared, conditionNames: [...conditions, condition] }
    return [new ResolverFactory(options), new ResolverFactory({ ...options, tsconfig: 'auto' })]
  })
  return (specifier, importer) => {
    if (isBuiltin(specifier)) return []
    const found = resolvers.flatMap((resolver) => {
      const { path } = resolver.resolveFileSync(importer, specifier)
      return path === undefined ? [] : withTwins(path.replace(/\?.*$/, ''))
    })
    return found.length === 0 ? findSource(specifier, importer, resolvers) : [...new Set(found)]
  }
}

/** `./x.js` may stand for `x.ts` where no `x.js` has been made yet. */
function findSource(
  specifier: string,
  importer: string,
  resolvers: readonly ResolverFactory[],
): readonly string[] | undefined {
  const stem = specifier.replace(/\.[cm]?jsx?$/, '')
  if (stem === specifier) return undefined
  const found = resolvers.flatMap((resolver) => {
    const { path } = resolver.resolveFileSync(importer, stem)
    return path === undefined ? [] : withTwins(path)
  })
  return found.length === 0 ? undefined : [...new Set(found)]
}

// Loaders differ in which of `x.ts` and `x.js` they take when both are there: then either may run.
function withTwins(path: string): string[] {
  const extension = CODE.find((each) => path.endsWith(each))
  if (extension === undefined) return [path]
  const stem = path.slice(0, -extension.length)
  return [path, ...CODE.map((each) => stem + each).filter((twin) => existsSync(twin))]
}

/** What `--conditions` gave, on the command line or in NODE_OPTIONS. */
function customConditions(): string[] {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  return options.flatMap((option, index) => {
    const [, attached] = /^(?:--conditions|-C)=(.+)$/.exec(option) ?? []
    if (attached !== undefined) return [attached]
    const next = options[index + 1]
    return (option === '--conditions' || option === '-C') && next !== undefined ? [next] : []
  })
}
