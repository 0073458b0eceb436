import { isBuiltin } from 'node:module'
import { existsSync } from 'node:fs'
import { ResolverFactory } from 'oxc-resolver'

/** Absolute, real paths that a specifier may lead to; empty for a module of Node itself. */
export type Resolve = (specifier: string, importer: string) => readonly string[] | undefined

const CODE = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.node']
const EMITTED = new Map([
  ['.js', ['.ts', '.tsx']],
  ['.jsx', ['.tsx']],
  ['.mjs', ['.mts']],
  ['.cjs', ['.cts']],
])

/** Resolves as Node does, with the conditions that this process runs with. */
export function createResolve(): Resolve {
  const shared = {
    extensions: CODE,
    extensionAlias: Object.fromEntries([...EMITTED].map(([js, ts]) => [js, [js, ...ts]])),
    mainFields: ['main'],
    tsconfig: 'auto' as const,
  }
  const conditions = customConditions()
  const imports = new ResolverFactory({
    ...shared,
    conditionNames: ['node', 'import', ...conditions],
  })
  const requires = imports.cloneWithOptions({
    ...shared,
    conditionNames: ['node', 'require', ...conditions],
  })
  return (specifier, importer) => {
    if (isBuiltin(specifier)) return []
    const found = [imports, requires].flatMap((resolver) => {
      const { path } = resolver.resolveFileSync(importer, specifier)
      return path === undefined ? [] : withSource(path.replace(/\?.*$/, ''))
    })
    return found.length === 0 ? undefined : [...new Set(found)]
  }
}

// Some loaders take `x.ts` for an import of `x.js` also when both are there: then either may run.
function withSource(path: string): string[] {
  for (const [js, sources] of EMITTED) {
    if (!path.endsWith(js)) continue
    const stem = path.slice(0, -js.length)
    return [path, ...sources.map((ts) => stem + ts).filter((source) => existsSync(source))]
  }
  return [path]
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
