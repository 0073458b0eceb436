import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Sources } from './sources.ts'

/** Where a `tsconfig.json` sends imports. */
export interface PathConfig {
  /** Directories that its paths may be relative to. */
  readonly bases: readonly string[]
  readonly paths: readonly (readonly [pattern: string, target: string])[]
}

interface TsConfig {
  readonly extends?: unknown
  readonly references?: unknown
  readonly compilerOptions?: {
    readonly baseUrl?: unknown
    readonly paths?: unknown
    readonly rootDirs?: unknown
  }
}

/**
 * A `tsconfig.json` and those that it extends or refers to. Which of them decides is not asked: each
 * may. `unclear` when one of them is not to be read, or says more than is known here.
 */
export function readConfigs(path: string, sources: Sources): readonly PathConfig[] | 'unclear' {
  if (sources.read(path) === undefined) return []
  try {
    return [readAll(path, sources)]
  } catch {
    return 'unclear'
  }
}

/** @throws Error when something is not to be read. */
function readAll(path: string, sources: Sources): PathConfig {
  const unclear = (what: string): never => {
    throw new Error(what)
  }
  const files = new Set([path])
  const bases = new Set<string>()
  const paths: (readonly [string, string])[] = []
  // It grows while it is walked.
  for (const file of files) {
    const config = parse(sources.read(file))
    const { compilerOptions: options = {}, references = [] } = config
    if (options.rootDirs !== undefined) unclear('rootDirs')
    bases.add(dirname(file))
    if (typeof options.baseUrl === 'string') bases.add(resolve(dirname(file), options.baseUrl))
    for (const [pattern, targets] of Object.entries(options.paths ?? {})) {
      for (const target of targets as string[]) paths.push([pattern, target])
    }
    const dir = dirname(file)
    const others = [
      ...[config.extends ?? []].flat().map((name) => extended(name as string, dir, sources)),
      // Unlike what is extended, a reference is a path, however it begins.
      ...(references as { readonly path: string }[]).map(({ path: to }) =>
        at(resolve(dir, to), sources),
      ),
    ]
    for (const other of others) files.add(other ?? unclear('another configuration'))
  }
  return { bases: [...bases], paths }
}

/** What a configuration extends: a path, or a file of an installed package. */
function extended(name: string, dir: string, sources: Sources): string | undefined {
  if (name.startsWith('.') || isAbsolute(name)) return at(resolve(dir, name), sources)
  const root = /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name
  for (let above = dir; ; above = dirname(above)) {
    const modules = join(above, 'node_modules')
    if (sources.list(join(modules, root)) !== undefined) {
      // What a package says about its own files is not decided here.
      const text = new TextDecoder().decode(sources.read(join(modules, root, 'package.json')))
      const { exports, tsconfig } = (text === '' ? {} : JSON.parse(text)) as PackageJson
      return exports === undefined && tsconfig === undefined
        ? at(join(modules, name), sources)
        : undefined
    }
    if (dirname(above) === above) return undefined
  }
}

interface PackageJson {
  readonly exports?: unknown
  readonly tsconfig?: unknown
}

/** Looks at every place where it may be. */
function at(path: string, sources: Sources): string | undefined {
  sources.real(path)
  const places = [path, `${path}.json`, join(path, 'tsconfig.json')]
  const found = places.filter((place) => sources.read(place) !== undefined)
  return found.length === 1 ? found[0] : undefined
}

/** JSON with comments and trailing commas. @throws Error */
function parse(bytes: Uint8Array | undefined): TsConfig {
  const text = new TextDecoder().decode(bytes)
  if (text.includes('${')) throw new Error('a placeholder')
  const plain = text
    .replaceAll(/("(?:[^"\\]|\\.)*")|\/\/[^\n\r]*|\/\*[^]*?\*\//g, '$1')
    .replaceAll(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, '$1')
  return JSON.parse(plain) as TsConfig
}
