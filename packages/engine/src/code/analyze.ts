import { readFileSync, realpathSync, statSync } from 'node:fs'
import { extname, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Doubt, PipelineCode, StepCode } from '../code.ts'
import { digestBytes, digestText, type Digest } from '../digest.ts'
import { canonicalJson } from '../json.ts'
import type { Pipeline } from '../pipeline.ts'
import { definition } from '../step.ts'
import { parseCallSites, type CallSite } from './call-site.ts'
import { ambiguity } from './ambiguity.ts'
import { dataOptions, indexCalls, type Call, type Range } from './calls.ts'
import { addPackages, isInstalled } from './packages.ts'
import { collectReferences } from './references.ts'
import { createResolve } from './resolve.ts'
import { offsetOf, parseSource, type Syntax } from './syntax.ts'

const SOURCE = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'])
// What Node imports without running it as JavaScript.
const DATA = new Set(['.json', '.node', '.wasm'])
// The engine is not part of a step's code: what it means for a key is said by the key's format.
const ENGINE = fileURLToPath(new URL('..', import.meta.url))

/**
 * Finds the code behind a pipeline: every local module that the modules on the stack of its `step()`
 * and `pipeline()` calls import, directly or not, and the packages they reach. All of it counts for
 * every step, since a module may change what another one has set up; that is coarse, but it misses
 * nothing that is imported. What cannot be followed is a doubt, which disables caching.
 */
export function analyzeCode(pipeline: Pipeline, dir: string): PipelineCode {
  const isOwn = (file: string) => !isInstalled(file) && !isInside(ENGINE, file)
  // Steps that were made at one place, as in a loop, share their stack.
  const stacks = new Map<string, readonly CallSite[]>()
  for (const step of pipeline.steps.values()) {
    const { site } = definition(step)
    if (!stacks.has(site)) stacks.set(site, parseCallSites(site, isOwn))
  }
  const roots = [...stacks.values(), parseCallSites(pipeline.site, isOwn)].flat()
  const reached = collectModules(new Set(roots.map(({ file }) => file)), dir, pipeline.madeAt)
  const places = new Places(reached.modules, dir)
  const found = new Map<string, StepCode>()
  for (const [stack, sites] of stacks) {
    found.set(stack, { site: places.identify(sites), doubts: places.doubtsAbout(sites) })
    places.exclude(sites)
  }
  const used = new Map<string, number>()
  for (const step of pipeline.steps.values()) {
    const { site = '' } = found.get(definition(step).site) ?? {}
    used.set(site, (used.get(site) ?? 0) + 1)
  }
  const steps = new Map<string, StepCode>()
  for (const [name, step] of pipeline.steps) {
    const { site: stack, version } = definition(step)
    const { site = '', doubts = [] } = found.get(stack) ?? {}
    steps.set(name, {
      // What was captured at a shared place differs by name.
      site: (used.get(site) ?? 0) > 1 ? `${site} as ${name}` : site,
      doubts: version === undefined ? doubts : [],
    })
  }
  const files = new Map([...reached.files, ...places.digests()])
  const parts = { files: sorted(files), packages: sorted(reached.packages) }
  const digest = digestText(`stepwell code\n${canonicalJson(parts)}`)
  return { digest, ...parts, env: sorted(reached.env), doubts: reached.doubts, steps }
}

interface Reached {
  /** Parsed local modules by absolute path. */
  readonly modules: ReadonlyMap<string, Syntax>
  /** Other local files that are imported or referred to, by project path. */
  readonly files: ReadonlyMap<string, Digest>
  readonly packages: ReadonlyMap<string, string>
  readonly env: ReadonlyMap<string, Digest | null>
  readonly doubts: readonly Doubt[]
}

function collectModules(roots: ReadonlySet<string>, dir: string, loadedAt: number): Reached {
  const resolve = createResolve()
  const modules = new Map<string, Syntax>()
  const files = new Map<string, Digest>()
  const packages = new Map<string, Set<string>>()
  const visitedPackages = new Set<string>()
  const env = new Map<string, Digest | null>()
  const doubts: Doubt[] = []
  const pending = [...roots].map((file) => ({ file: real(file), isCode: true }))
  const seen = new Set<string>()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { file, isCode } = next
    if (seen.has(file) || isInside(ENGINE, file)) continue
    seen.add(file)
    if (isInstalled(file)) addPackages(file, packages, visitedPackages)
    else visit(file, isCode)
  }
  const versions = [...packages].map(
    ([name, all]) => [name, [...all].toSorted().join(', ')] as const,
  )
  return { modules, files, packages: new Map(versions), env, doubts }

  function visit(file: string, isCode: boolean): void {
    const name = projectPath(file, dir)
    const doubt = (what: string, line: number, todo: string) =>
      doubts.push({ what, place: `${name}:${line}`, todo })
    let bytes: Uint8Array
    try {
      bytes = readFileSync(file)
      // In a process that lives on, what runs is what was loaded, not what the file says now.
      if (statSync(file).ctimeMs > loadedAt) {
        doubt('a module that changed after it was loaded', 1, 'start the program again')
      }
    } catch {
      doubt('a module that cannot be read', 1, 'check the file')
      return
    }
    const parsed = SOURCE.has(extname(file)) || (isCode && !DATA.has(extname(file)))
    const syntax = parsed ? parseSource(file, bytes) : undefined
    if (syntax === undefined) {
      files.set(name, digestBytes(bytes))
      return
    }
    if (typeof syntax === 'string') {
      doubt(`a module that cannot be parsed (${syntax})`, 1, 'check the file')
      return
    }
    modules.set(file, syntax)
    const references = collectReferences(syntax)
    for (const { specifier, line } of references.modules) {
      const found = resolve(specifier, file)
      for (const path of found ?? []) pending.push({ file: path, isCode: true })
      if (found === undefined)
        doubt(`an import that cannot be found (${specifier})`, line, 'install it, or correct it')
    }
    for (const { specifier, line } of references.assets) {
      const asset = assetPath(specifier, file)
      if (asset === undefined) {
        doubt(`a URL that leads to no file (${specifier})`, line, 'correct it')
        continue
      }
      const stats = statSync(asset, { throwIfNoEntry: false })
      if (stats?.isDirectory()) doubt('a directory beside the code', line, 'name the files in it')
      else if (stats !== undefined) pending.push({ file: real(asset), isCode: false })
      // One that is not there yet may be there the next time.
      else files.set(projectPath(asset, dir), digestText('missing'))
    }
    for (const variable of references.env) {
      const value = process.env[variable]
      env.set(variable, value === undefined ? null : digestText(value))
    }
    for (const { what, line, todo } of references.unclear) doubt(what, line, todo)
  }
}

/** The places in parsed modules where steps are made. */
class Places {
  readonly #modules: ReadonlyMap<string, Syntax>
  readonly #dir: string
  readonly #calls = new Map<Syntax, Map<number, Call>>()
  readonly #excluded = new Map<Syntax, Map<number, Range>>()

  constructor(modules: ReadonlyMap<string, Syntax>, dir: string) {
    this.#modules = modules
    this.#dir = dir
  }

  /** What tells a place from all others: innermost call first. */
  identify(sites: readonly CallSite[]): string {
    return sites
      .map((site) => {
        const { index = `${site.line}:${site.column}` } = this.#call(site) ?? {}
        return `${projectPath(real(site.file), this.#dir)}#${index}`
      })
      .join(' < ')
  }

  /** What keeps a step from being told apart from others of the same code. */
  doubtsAbout(sites: readonly CallSite[]): Doubt[] {
    const [site] = sites
    const todo = 'put what the step needs into `params`, or give it a `version`'
    if (site === undefined) {
      return [{ what: 'the place where the step is made cannot be seen', place: 'unknown', todo }]
    }
    const place = `${projectPath(real(site.file), this.#dir)}:${site.line}`
    const call = this.#call(site)
    if (call === undefined) {
      return [{ what: 'the call that makes the step cannot be found in its source', place, todo }]
    }
    const what = ambiguity(
      this.#modules.get(real(site.file)) as Syntax,
      call,
      site.direct,
      this.#modules.values(),
    )
    return what === undefined ? [] : [{ what, place, todo }]
  }

  /** Leaves what is data in the call at a place out of its module's digest. */
  exclude([site]: readonly CallSite[]): void {
    const syntax = site && this.#modules.get(real(site.file))
    const call = site && this.#call(site)
    if (syntax === undefined || call === undefined || !site?.direct) return
    const ranges = this.#excluded.get(syntax) ?? new Map<number, Range>()
    this.#excluded.set(syntax, ranges)
    for (const range of dataOptions(call)) ranges.set(range.start, range)
  }

  /** The digests of the modules by project path. */
  digests(): [string, Digest][] {
    return [...this.#modules].map(([file, syntax]) => {
      const ranges = [...(this.#excluded.get(syntax)?.values() ?? [])]
      let at = 0
      const parts: string[] = []
      for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
        parts.push(syntax.source.slice(at, start))
        at = end
      }
      parts.push(syntax.source.slice(at))
      return [projectPath(file, this.#dir), digestText(canonicalJson(parts))]
    })
  }

  #call(site: CallSite): Call | undefined {
    const syntax = this.#modules.get(real(site.file))
    if (syntax === undefined) return undefined
    const calls = this.#calls.get(syntax) ?? indexCalls(syntax)
    this.#calls.set(syntax, calls)
    return calls.get(offsetOf(syntax, site.line, site.column))
  }
}

/** The file that a relative URL names, whatever its query; `undefined` when it names none. */
function assetPath(specifier: string, importer: string): string | undefined {
  try {
    const { pathname } = new URL(specifier, pathToFileURL(importer))
    return fileURLToPath(new URL(pathname, 'file:'))
  } catch {
    return undefined
  }
}

/** Relative to the project, with forward slashes, so that a project can be moved. */
function projectPath(file: string, dir: string): string {
  return relative(dir, file).split(sep).join('/')
}

function isInside(dir: string, file: string): boolean {
  const path = relative(dir, file)
  return path !== '' && !path.startsWith('..') && !path.startsWith(sep)
}

function real(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
