import { basename, dirname, join, resolve } from 'node:path'
import { FOLDS_CASE, type Sources } from './sources.ts'
import { readConfigs, type PathConfig } from './tsconfig.ts'

interface PackageJson {
  readonly main?: unknown
  readonly exports?: unknown
  readonly imports?: unknown
}

/**
 * Looks at all that the resolver may look at, which does not say so itself: more than it needs, never
 * less. A specifier leads elsewhere only when something of this is another one.
 */
export class Lookups {
  readonly #sources: Sources
  readonly #seen = new Set<string>()
  readonly #beside = new Map<string, ReadonlySet<string>>()
  readonly #configs = new Map<string, readonly PathConfig[]>()
  #isComplete = process.env['NODE_PATH'] === undefined

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** Whether all could be looked at. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** @param dir the directory of the module that imports */
  follow(specifier: string, dir: string): void {
    const key = `${dir}\0${specifier}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const configs = this.#around(dir)
    // Whether a query, a fragment or an escape is part of a path is not decided here.
    if (/^[a-z]+:|[?%]|.#/.test(specifier)) this.#isComplete = false
    if (/^\.{0,2}[/\\]|^\.{1,2}$/.test(specifier)) return this.#candidate(resolve(dir, specifier))
    if (specifier.startsWith('#')) this.#candidate(resolve(dir, specifier))
    for (const { bases, paths } of configs) {
      for (const base of bases) {
        this.#candidate(resolve(base, specifier))
        for (const [pattern, target] of paths) {
          const path = substitute(pattern, target, specifier)
          if (path !== undefined) this.#candidate(resolve(base, path))
        }
      }
    }
    for (const above of ancestors(dir)) this.#installed(specifier, above)
  }

  /** Names in the directory of a result of the resolver that start as its own does. */
  beside(dir: string, start: string): ReadonlySet<string> {
    const key = join(dir, `${start}.`)
    const known = this.#beside.get(key)
    if (known !== undefined) return known
    const found = new Set(this.#sources.listFrom(dir, start)?.keys())
    this.#beside.set(key, found)
    return found
  }

  /** What the directories above a module say about all that it imports. */
  #around(dir: string): readonly PathConfig[] {
    const known = this.#configs.get(dir)
    if (known !== undefined) return known
    const found = ancestors(dir).flatMap((above) => {
      this.#sources.list(join(above, 'node_modules'))
      const configs = readConfigs(join(above, 'tsconfig.json'), this.#sources)
      if (configs === 'unclear') this.#isComplete = false
      return configs === 'unclear' ? [] : configs
    })
    this.#configs.set(dir, found)
    return found
  }

  #installed(specifier: string, above: string): void {
    const [, scope, name = ''] = /^(?:(@[^/]+)\/)?([^/]+)/.exec(specifier) ?? []
    const own = scope === undefined ? name : `${scope}/${name}`
    const rest = specifier.slice(own.length)
    // A package can import itself by its name, or by names that it maps.
    this.#mapped(above, specifier.startsWith('#') ? specifier : `.${rest}`, own)
    const modules = join(above, 'node_modules')
    const entries = this.#sources.list(modules)
    const parent =
      scope === undefined
        ? entries
        : entries?.has(scope) && this.#sources.list(join(modules, scope))
    if (parent === undefined || parent === false) return
    this.#candidate(join(modules, specifier))
    if (!parent.has(name) && !FOLDS_CASE) return
    const root = join(modules, own)
    this.#sources.list(this.#sources.real(root))
    this.#mapped(root, `.${rest}`)
  }

  /** Where a `package.json` may send a request. @param self what it must be called, to matter */
  #mapped(dir: string, request: string, self?: string): void {
    const manifest = readJson(join(dir, 'package.json'), this.#sources)
    if (manifest === undefined) return
    const { main, exports, imports } = manifest as PackageJson
    const isOther = self !== undefined && (manifest as { name?: unknown }).name !== self
    const targets = [
      ...(self === undefined ? targetsIn(main, undefined) : []),
      ...(isOther ? [] : targetsIn(exports, undefined)),
      ...(request.startsWith('#') ? targetsIn(imports, undefined) : []),
    ]
    for (const [key, target] of targets) {
      const path = key === undefined ? target : substitute(key, target, request)
      if (path === undefined) continue
      if (request.startsWith('#') && !path.startsWith('.')) this.follow(path, dir)
      else this.#candidate(resolve(dir, path))
    }
  }

  /** A file or directory of that name, with or without an extension, or what stands for it. */
  #candidate(path: string): void {
    if (this.#seen.has(path)) return
    this.#seen.add(path)
    const dir = dirname(path)
    this.#sources.real(dir)
    const name = basename(path)
    const stem = stemOf(path)
    const entries = this.#sources.listFrom(dir, stem)
    if (entries === undefined) return
    for (const [entry, kind] of entries) {
      if (kind !== 'link' || !entry.startsWith(stem)) continue
      const target = this.#sources.real(join(dir, entry))
      this.#sources.listFrom(dirname(target), stemOf(target))
    }
    for (const each of new Set([name, stem])) {
      const kind = entries.get(each)
      if (kind !== 'directory' && kind !== 'link' && (kind !== undefined || !FOLDS_CASE)) continue
      const inner = join(dir, each)
      this.#candidate(join(inner, 'index'))
      this.#mapped(inner, '.')
    }
  }
}

function stemOf(path: string): string {
  return basename(path).replace(/\.[^.]*$/, '')
}

function ancestors(dir: string): string[] {
  const found: string[] = []
  for (let at = dir; ; at = dirname(at)) {
    found.push(at)
    if (dirname(at) === at) return found
  }
}

function readJson(path: string, sources: Sources): object | undefined {
  const bytes = sources.read(path)
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The paths in a map of `package.json`, each with the name that it is for. */
function targetsIn(value: unknown, key: string | undefined): [string | undefined, string][] {
  if (typeof value === 'string') return [[key, value]]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return (value as unknown[]).flatMap((each) => targetsIn(each, key))
  return Object.entries(value).flatMap(([name, each]) =>
    targetsIn(each, /^[.#]/.test(name) ? name : key),
  )
}

/** The target of a pattern with at most one `*`, or of a directory, for what is asked for. */
function substitute(pattern: string, target: string, request: string): string | undefined {
  if (pattern === request) return target
  if (pattern.endsWith('/') && request.startsWith(pattern)) {
    return target + request.slice(pattern.length)
  }
  const [before = '', after, ...more] = pattern.split('*')
  if (after === undefined || more.length > 0) return undefined
  if (!request.startsWith(before) || !request.endsWith(after)) return undefined
  const star = request.slice(before.length, request.length - after.length)
  return target.replaceAll('*', () => star)
}
