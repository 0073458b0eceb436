import type { Doubt, PipelineCode, StepCode } from '../../identity/code.ts'
import type { Pipeline } from '../../define/pipeline.ts'
import { definition } from '../../define/step.ts'
import { knowledgeOf, type CallFacts, type ImportedFunction } from '../parse/ambiguity.ts'
import { cutStack, parseCallSites, type CallSite } from '../resolve/call-site.ts'
import { valuesOf } from '../manifest/found-code.ts'
import { followExport } from './exports.ts'
import { importGraph, type ImportGraph } from './import-graph.ts'
import { findState, type StateRoots } from './lasting-state.ts'
import { Modules, type LocalModule } from './modules.ts'
import { isOwn, ownFiles } from '../resolve/own.ts'
import { isInstalled } from '../resolve/packages.ts'
import { pinnedCode } from '../manifest/pinned-code.ts'
import { reach, type Reach } from './reach.ts'
import { PackageImports, type StoredImports } from '../resolve/package-imports.ts'
import type { Sights } from '../resolve/sources.ts'
import { Stops, type Node } from './stops.ts'
import { TextCache, type StoredTexts } from '../parse/text-cache.ts'

export interface Analysis {
  readonly code: PipelineCode
  /** The project's own files that it depends on; absolute. */
  readonly sources: readonly string[]
  /** All that was seen: what was found holds as long as it stays. None where not all is known. */
  readonly sights?: Sights
  /** What is known of the texts of modules by now. */
  readonly texts: () => StoredTexts
  /** What packages import. */
  readonly imports: StoredImports
}

const ADVICE = 'put what the step needs into `params`, or give it a `version`'

/**
 * Finds the code behind each step of a pipeline: what its function can reach, by name, over modules,
 * with the versions of the packages it reaches. What modules do while they are loaded counts for every
 * step, since it may change what any of them sees. What cannot be followed is a doubt, which disables
 * caching.
 *
 * @param known what is known of texts and packages, by an analysis of the same version
 */
export function analyzeCode(
  pipeline: Pipeline,
  dir: string,
  known: { readonly texts?: StoredTexts; readonly imports?: StoredImports } = {},
): Analysis {
  // Many frames are of few files.
  const owned = new Map<string, boolean>()
  const isOwnFile = (file: string): boolean => {
    const isOurs = owned.get(file) ?? isOwn(file)
    owned.set(file, isOurs)
    return isOurs
  }
  const stacks = new Map<string, readonly CallSite[]>()
  for (const step of pipeline.steps.values()) {
    const site = cutStack(definition(step).site)
    if (!stacks.has(site)) stacks.set(site, parseCallSites(site, isOwnFile))
  }
  const texts = new TextCache(known.texts)
  const imports = new PackageImports(known.imports)
  const modules = new Modules(dir, pipeline.madeAt, texts, imports)
  const all = [...stacks.values(), parseCallSites(cutStack(pipeline.site), isOwnFile)].flat()
  const graph = importGraph(new Set(all.map(({ file }) => file)), modules)
  const loading = reach(graph.effects, new Stops(modules), graph)

  const places = new Places(modules, graph, loading.modules)
  const origins = new Map<string, Origin>()
  const seen = new Map<string, number>()
  const made = new Map<string, Origin | StepCode>()
  for (const [name, step] of pipeline.steps) {
    const stack = cutStack(definition(step).site)
    const pinned = pinnedCode(pipeline, name, step)
    if (pinned !== undefined) {
      made.set(name, pinned)
      continue
    }
    const sites = stacks.get(stack) ?? []
    const nth = seen.get(stack) ?? 0
    seen.set(stack, nth + 1)
    // Steps that were made by one call share their stack. The links of a row have a function each.
    const isRow = places.isRow(sites)
    const key = isRow ? `${nth} ${stack}` : stack
    const origin = origins.get(key) ?? places.originOf(sites, nth)
    origins.set(key, origin)
    made.set(name, origin)
  }
  const state = findState(
    [...origins.values()].map(({ begin }) => begin),
    modules,
  )
  const steps = new Map<string, StepCode>()
  for (const [name, step] of pipeline.steps) {
    const found = made.get(name)
    if (found === undefined) continue
    if (!('reached' in found)) {
      steps.set(name, found)
      continue
    }
    const { reached, site = '', isShared, begin, doubts } = found
    const dispelled = definition(step).version === undefined ? [...doubts, ...state.of(begin)] : []
    steps.set(name, {
      digest: reached.digest,
      packages: reached.packages,
      get parts() {
        return reached.parts
      },
      get places() {
        return reached.places
      },
      site: isShared === true ? `${site} as ${name}` : site,
      env: valuesOf(new Set([...loading.env, ...reached.env])),
      doubts: [...reached.doubts, ...dispelled],
    })
  }
  const { digest, parts, packages, places: at, env } = loading
  const code = {
    loading: { digest, parts, packages, places: at, env },
    doubts: [...graph.doubts, ...loading.doubts, ...state.shared],
    steps,
  }
  const holds = modules.isComplete && modules.isFresh
  const { sights } = modules.sources
  const sources = ownFiles(sights)
  return { code, sources, texts: () => texts.used, imports: imports.used, ...(holds && { sights }) }
}

interface Origin {
  readonly reached: Reach
  readonly begin: StateRoots
  /** Where the step is made, when its function alone does not say which step it is. */
  readonly site?: string
  /** Whether other steps may be made there, too. */
  readonly isShared?: boolean
  /** What a `version` dispels. */
  readonly doubts: readonly Doubt[]
}

/** The places in modules where steps are made. */
class Places {
  readonly #modules: Modules
  readonly #graph: ImportGraph
  readonly #stops: Stops

  constructor(modules: Modules, graph: ImportGraph, stateful: ReadonlySet<LocalModule>) {
    this.#modules = modules
    this.#graph = graph
    this.#stops = new Stops(modules, stateful)
  }

  /** Whether the call is one of `pipeline()` with functions in a row. */
  isRow([site]: readonly CallSite[]): boolean {
    const call = site && this.#call(site)
    return (call?.functions.length ?? 0) > 1
  }

  /** @param nth which of the steps that the call makes, from 0 */
  originOf(sites: readonly CallSite[], nth: number): Origin {
    const [site] = sites
    const origin = (doubts: Doubt[]): Origin => {
      const frames = sites.map((each) => this.#enclosing(each))
      const begin = { nodes: frames, isRun: false }
      const isShared = doubts.length > 0 || this.isRow(sites)
      return { reached: this.#reach(frames), begin, site: this.#identify(sites), isShared, doubts }
    }
    if (site === undefined) {
      const what = 'the place where the step is made cannot be seen'
      return origin([{ what, place: 'unknown', todo: ADVICE }])
    }
    const module = this.#modules.get(site.file)
    const place = `${module.name}:${site.line}`
    const call = this.#call(site)
    if (call === undefined) {
      const what = 'the call that makes the step cannot be found in its source'
      return origin([{ what, place, todo: ADVICE }])
    }
    const known = knowledgeOf(call, site.direct, (each) => this.#differs(each, module))
    if (typeof known !== 'string') return origin([{ what: known.ambiguous, place, todo: ADVICE }])
    const { functions, dependsOn, isContained, imported } = call
    const unit = functions[functions.length > 1 ? nth : 0]
    if (unit === undefined || !isContained) return origin([])
    const roots = [unit, ...(dependsOn === null ? [] : [dependsOn])]
    const nodes = roots.map((root) => ({ module, unit: root }))
    const reached = this.#reach(nodes)
    if (known === 'placed') {
      const begin = { nodes: sites.map((each) => this.#enclosing(each)), isRun: false }
      const isShared = functions.length > 1
      return { reached, begin, site: this.#identify(sites), isShared, doubts: [] }
    }
    const begin = { nodes, isRun: true }
    // While modules are loaded, a package may give another value to a name that it exports.
    const isOfPackage = imported.some(({ specifier }) => this.#isOfPackage(specifier, module))
    return { reached, begin, ...(isOfPackage && { site: this.#time(sites) }), doubts: [] }
  }

  #reach(roots: readonly Node[]): Reach {
    return reach(roots, this.#stops)
  }

  /** What tells a call from all others: innermost first, and what happened before it. */
  #identify(sites: readonly CallSite[]): string {
    const places = sites.map((site) => {
      const { path = `${site.line}:${site.column}` } = this.#call(site) ?? {}
      return `${this.#modules.get(site.file).name} ${path}`
    })
    return `${places.join(' < ')} ${this.#time(sites)}`
  }

  /** When a call is evaluated, in the order of what modules do while they are loaded. */
  #time(sites: readonly CallSite[]): string {
    const site = sites.at(-1)
    const call = site && this.#call(site)
    if (site === undefined || call === undefined) return `at ${site?.line}:${site?.column}`
    const module = this.#modules.get(site.file)
    return `after ${this.#graph.effectsBefore(module, call.unitsBefore)}`
  }

  #isOfPackage(specifier: string, module: LocalModule): boolean {
    return this.#modules.follow(specifier, module)?.some(isInstalled) ?? false
  }

  /** The declaration or statement that a call is in. */
  #enclosing({ file, line, column }: CallSite): Node {
    const module = this.#modules.get(file)
    const unit = module.text?.enclosingAt(line, column) ?? undefined
    return unit === undefined ? { module } : { module, unit }
  }

  #call({ file, line, column }: CallSite): CallFacts | undefined {
    return this.#modules.get(file).text?.callAt(line, column) ?? undefined
  }

  /** Whether what is imported may be another function at another time. */
  #differs({ specifier, name, members }: ImportedFunction, module: LocalModule): boolean {
    const exported = members.at(-1) ?? name
    // Which module it is does not matter: an import follows the variable that it leads to.
    for (const { text } of this.#modules.all) if (text?.facts.variables.has(exported)) return true
    if (members.length === (name === '*' ? 1 : 0)) return false
    // A member of something else than a module may be anything.
    const bound = { kind: 'import', specifier, name } as const
    return followExport(bound, module, this.#modules, members) === undefined
  }
}
