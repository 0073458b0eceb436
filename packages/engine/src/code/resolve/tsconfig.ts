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
    const others = [
      ...[config.extends ?? []].flat(),
      ...(references as { readonly path: string }[]).map((reference) => reference.path),
    ]
    for (const other of others) {
      files.add(find(other as string, dirname(file), sources) ?? unclear('another configuration'))
    }
  }
  return { bases: [...bases], paths }
}

/** Looks at every place where it may be; what a package says about its own is beyond this. */
function find(name: string, dir: string, sources: Sources): string | undefined {
  if (!name.startsWith('.') && !isAbsolute(name)) return undefined
  const path = resolve(dir, name)
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
