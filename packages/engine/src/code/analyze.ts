import type { Doubt, PipelineCode, StepCode } from '../code.ts'
import { digestText } from '../digest.ts'
import type { Pipeline } from '../pipeline.ts'
import { definition } from '../step.ts'
import { knowledgeOf } from './ambiguity.ts'
import { cutStack, parseCallSites, type CallSite } from './call-site.ts'
import { codeOptions, indexCalls, type Call } from './calls.ts'
import { valuesOf } from './found-code.ts'
import { importGraph } from './import-graph.ts'
import { isOwn, Modules, type LocalModule } from './modules.ts'
import { reach, type Node, type Reach } from './reach.ts'
import type { Sights } from './sources.ts'
import { offsetOf, type Syntax } from './syntax.ts'
import { functionUnit } from './units.ts'

export interface Analysis {
  readonly code: PipelineCode
  /** All that was seen: what was found holds as long as it stays. None where not all is known. */
  readonly sights?: Sights
}

const ADVICE = 'put what the step needs into `params`, or give it a `version`'

/**
 * Finds the code behind each step of a pipeline: what its function can reach, by name, over modules,
 * with the versions of the packages it reaches. What modules do while they are loaded counts for every
 * step, since it may change what any of them sees. What cannot be followed is a doubt, which disables
 * caching.
 */
export function analyzeCode(pipeline: Pipeline, dir: string): Analysis {
  const stacks = new Map<string, readonly CallSite[]>()
  for (const step of pipeline.steps.values()) {
    const site = cutStack(definition(step).site)
    if (!stacks.has(site)) stacks.set(site, parseCallSites(site, isOwn))
  }
  const modules = new Modules(dir, pipeline.madeAt)
  const all = [...stacks.values(), parseCallSites(cutStack(pipeline.site), isOwn)].flat()
  const graph = importGraph(new Set(all.map(({ file }) => file)), modules)
  const loading = reach(graph.effects, modules, graph)

  const places = new Places(modules, loading.modules)
  const origins = new Map<string, Origin>()
  const seen = new Map<string, number>()
  const steps = new Map<string, StepCode>()
  for (const [name, step] of pipeline.steps) {
    const { site: made, version, pin } = definition(step)
    const stack = cutStack(made)
    if (pin !== undefined) {
      steps.set(name, pinnedCode(pin, `${pipeline.name}/${name}`))
      continue
    }
    const sites = stacks.get(stack) ?? []
    const nth = seen.get(stack) ?? 0
    seen.set(stack, nth + 1)
    // Steps that were made by one call share their stack. The links of a row have a function each.
    const key = places.isRow(sites) ? `${nth} ${stack}` : stack
    const origin = origins.get(key) ?? places.originOf(sites, nth)
    origins.set(key, origin)
    const { reached, site, doubts } = origin
    steps.set(name, {
      digest: reached.digest,
      parts: reached.parts,
      packages: reached.packages,
      places: reached.places,
      site: site === undefined ? '' : `${site} as ${name}`,
      env: valuesOf(new Set([...loading.env, ...reached.env])),
      doubts: [...reached.doubts, ...(version === undefined ? doubts : [])],
    })
  }
  const { digest, parts, packages, places: at, env } = loading
  const code = {
    loading: { digest, parts, packages, places: at, env },
    doubts: [...graph.doubts, ...loading.doubts],
    steps,
  }
  const holds = modules.isComplete && modules.isFresh
  return { code, ...(holds && { sights: modules.sources.sights }) }
}

/**
 * Nothing of what could be found counts. Two steps may be pinned at the same text, so which step it is
 * does.
 */
function pinnedCode(text: string, site: string): StepCode {
  const digest = digestText(`stepwell pinned code\n${text}`)
  return { digest, pinned: text, parts: {}, packages: {}, site, env: {}, doubts: [] }
}

interface Origin {
  readonly reached: Reach
  /** Where the step is made, when its function alone does not say which step it is. */
  readonly site?: string
  /** What a `version` dispels. */
  readonly doubts: readonly Doubt[]
}

/** The places in modules where steps are made. */
class Places {
  readonly #modules: Modules
  readonly #stateful: ReadonlySet<LocalModule>
  readonly #calls = new Map<Syntax, Map<number, Call>>()

  constructor(modules: Modules, stateful: ReadonlySet<LocalModule>) {
    this.#modules = modules
    this.#stateful = stateful
  }

  /** Whether the call is one of `pipeline()` with functions in a row. */
  isRow([site]: readonly CallSite[]): boolean {
    const call = site && this.#call(site)
    const functions = call && codeOptions(call)
    return functions !== undefined && functions.length > 1
  }

  /** @param nth which of the steps that the call makes, from 0 */
  originOf(sites: readonly CallSite[], nth: number): Origin {
    const [site] = sites
    const origin = (doubts: Doubt[]): Origin => {
      const frames = sites.map((each) => this.#enclosing(each))
      return { reached: this.#reach(frames), site: this.#identify(sites), doubts }
    }
    if (site === undefined) {
      const what = 'the place where the step is made cannot be seen'
      return origin([{ what, place: 'unknown', todo: ADVICE }])
    }
    const module = this.#modules.get(site.file)
    const place = `${module.name}:${site.line}`
    const call = this.#call(site)
    if (call === undefined || module.syntax === undefined) {
      const what = 'the call that makes the step cannot be found in its source'
      return origin([{ what, place, todo: ADVICE }])
    }
    const known = knowledgeOf(module.syntax, call, site.direct, () => this.#syntaxes())
    switch (known.kind) {
      case 'ambiguous':
        return origin([{ what: known.what, place, todo: ADVICE }])
      case 'placed':
        return origin([])
      case 'written': {
        const node = known.functions[known.functions.length > 1 ? nth : 0]
        if (node === undefined) return origin([])
        const roots = [{ module, unit: functionUnit(module.syntax, node, 'its function') }]
        if (known.dependsOn !== undefined) {
          // Whatever expression it is: all that it names is reached.
          const unit = functionUnit(module.syntax, known.dependsOn, 'its dependsOn')
          roots.push({ module, unit })
        }
        return { reached: this.#reach(roots), doubts: [] }
      }
    }
  }

  #reach(roots: readonly Node[]): Reach {
    return reach(roots, this.#modules, { stateful: this.#stateful })
  }

  /** What tells a place from all others: innermost call first. */
  #identify(sites: readonly CallSite[]): string {
    return sites
      .map((site) => {
        const { index = `${site.line}:${site.column}` } = this.#call(site) ?? {}
        return `${this.#modules.get(site.file).name}#${index}`
      })
      .join(' < ')
  }

  /** The declaration or statement that a call is in. */
  #enclosing(site: CallSite): Node {
    const module = this.#modules.get(site.file)
    const { syntax, units } = module
    if (syntax === undefined || units === undefined) return { module }
    const offset = offsetOf(syntax, site.line, site.column)
    const unit = units.units.find(({ node }) => node.start <= offset && offset <= node.end)
    // A unit that is a step is cut short where others refer to it; here it is looked into.
    return unit === undefined
      ? { module }
      : { module, unit: functionUnit(syntax, unit.node, unit.label) }
  }

  #call(site: CallSite): Call | undefined {
    const { syntax } = this.#modules.get(site.file)
    if (syntax === undefined) return undefined
    const calls = this.#calls.get(syntax) ?? indexCalls(syntax)
    this.#calls.set(syntax, calls)
    return calls.get(offsetOf(syntax, site.line, site.column))
  }

  *#syntaxes(): Generator<Syntax> {
    for (const { syntax } of this.#modules.all) if (syntax !== undefined) yield syntax
  }
}
