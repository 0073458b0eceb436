import { statSync } from 'node:fs'
import { basename, dirname, extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Doubt } from '../../identity/code.ts'
import { digestBytes, digestText, type Digest } from '@stepwell/base/digest'
import { Lookups } from '../resolve/lookups.ts'
import { isEngine } from '../resolve/own.ts'
import { PackageImports } from '../resolve/package-imports.ts'
import { projectPath } from '../resolve/paths.ts'
import { ModuleText } from '../parse/module-text.ts'
import type { References } from '../parse/references.ts'
import { createResolve } from '../resolve/resolve.ts'
import { Sources } from '../resolve/sources.ts'
import type { TextCache } from '../parse/text-cache.ts'
import type { Units } from '../parse/units.ts'

/** A local file that code reaches: a module, or a file that is taken as it is. */
export interface LocalModule {
  readonly file: string
  /** Relative to the project, with forward slashes. */
  readonly name: string
  readonly text?: ModuleText
  readonly isModule?: boolean
  readonly units?: Units
  /** Of a file that is taken as it is. */
  readonly content?: Digest
  /** Of a source file, as it is written: it may be read as text, too. */
  readonly bytes?: Digest
  /** What any part of it loads when it runs: modules, and files that are modules. */
  readonly loads?: References
  /** Why it, or what it imports, cannot be followed. */
  readonly doubts: readonly Doubt[]
}

const SOURCE = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'])
// What Node imports without running it as JavaScript.
const DATA = new Set(['.json', '.node', '.wasm'])

/** Reads and takes apart local modules, each once. */
export class Modules {
  readonly #dir: string
  readonly #loadedAt: number
  readonly #texts: TextCache
  readonly sources: Sources = new Sources()
  readonly imports: PackageImports
  readonly #lookups = new Lookups(this.sources)
  readonly #resolve = createResolve(this.#lookups)
  readonly #modules = new Map<string, LocalModule>()
  readonly #resolved = new Map<string, readonly string[] | undefined>()

  /** Whether no file changed after it was loaded. */
  isFresh = true

  /** `loadedAt`: when the process had loaded the modules, in milliseconds since the epoch. */
  constructor(
    dir: string,
    loadedAt: number,
    texts: TextCache,
    imports: PackageImports = new PackageImports(),
  ) {
    this.#texts = texts
    this.imports = imports
    this.#dir = dir
    this.#loadedAt = loadedAt
  }

  /** Whether `sources` have seen all that the resolver may have looked at. */
  get isComplete(): boolean {
    return this.#lookups.isComplete
  }

  /** Those read so far. */
  get all(): Iterable<LocalModule> {
    return this.#modules.values()
  }

  /** @param isCode whether it is loaded as a module, also without an extension that says so */
  get(file: string, isCode = true): LocalModule {
    const path = this.sources.real(file)
    // A file without an extension may be data in one place and code in another.
    const key = isCode || SOURCE.has(extname(path)) ? path : `${path}\0data`
    const known = this.#modules.get(key) ?? this.#read(path, isCode)
    this.#modules.set(key, known)
    return known
  }

  /**
   * The files that a specifier may lead to: local ones and those of packages, none of Node's or the
   * engine's. `undefined` when it leads nowhere.
   */
  follow(specifier: string, importer: LocalModule): readonly string[] | undefined {
    const key = `${importer.file}\0${specifier}`
    if (!this.#resolved.has(key)) {
      const found = this.#resolve(specifier, importer.file)
      this.#resolved.set(
        key,
        found?.filter((path) => !isEngine(path)),
      )
    }
    return this.#resolved.get(key)
  }

  /** The file that a relative URL names, whatever its query; `undefined` when it names none. */
  asset(specifier: string, importer: LocalModule): string | undefined {
    try {
      const { pathname } = new URL(specifier, pathToFileURL(importer.file))
      return fileURLToPath(new URL(pathname, 'file:'))
    } catch {
      return undefined
    }
  }

  /** Whether there is a source file of that name, such as a worker's. */
  isSource(file: string): boolean {
    return SOURCE.has(extname(file)) && this.stat(file) === 'file'
  }

  stat(file: string): 'file' | 'directory' | 'missing' {
    const kind = this.sources.listFrom(dirname(file), basename(file))?.get(basename(file))
    if (kind === 'file') return kind
    // A link, or a name in other letters where the file system does not mind.
    if (this.sources.list(file) !== undefined) return 'directory'
    return this.sources.read(file) === undefined ? 'missing' : 'file'
  }

  /** A file that is named but not there: it may be there the next time. */
  missing(file: string): LocalModule {
    const name = projectPath(file, this.#dir)
    return { file, name, content: digestText('missing'), doubts: [] }
  }

  #read(file: string, isCode: boolean): LocalModule {
    const name = projectPath(file, this.#dir)
    const doubts: Doubt[] = []
    const doubt = (what: string, todo: string, line = 1) =>
      doubts.push({ what, place: `${name}:${line}`, todo })
    const bytes = this.sources.load(file)
    const stats = statSync(file, { throwIfNoEntry: false })
    if (bytes === undefined || stats === undefined) {
      doubt('a module that cannot be read', 'check the file')
      return { file, name, doubts }
    }
    // In a process that lives on, what runs is what was loaded, not what the file says now.
    if (stats.ctimeMs > this.#loadedAt) {
      doubt('a module that changed after it was loaded', 'start the program again')
      this.isFresh = false
    }
    const parsed = SOURCE.has(extname(file)) || (isCode && !DATA.has(extname(file)))
    if (!parsed) return { file, name, content: digestBytes(bytes), doubts }
    const digest = this.sources.digest(file) ?? digestBytes(bytes)
    const text = this.#texts.read(file, bytes, digest)
    if (typeof text === 'string') {
      doubt(`a module that cannot be parsed (${text})`, 'check the file')
      return { file, name, content: digest, doubts }
    }
    const { isModule, units, loads, unclear } = text.facts
    for (const { what, line, todo } of unclear) doubt(what, todo, line)
    const module: LocalModule = {
      file,
      name,
      text,
      isModule,
      units,
      bytes: digest,
      loads,
      doubts,
    }
    for (const { specifier } of units.imports) {
      if (this.follow(specifier, module) === undefined) {
        doubt(`an import that cannot be found (${specifier})`, 'install it, or correct it')
      }
    }
    return module
  }
}
