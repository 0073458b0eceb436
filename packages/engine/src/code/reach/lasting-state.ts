import type { Doubt } from '../../identity/code.ts'
import type { Root } from '../parse/origins.ts'
import { ALSO_PURE, type Pass, type StateWrite, type When } from '../parse/state-use.ts'
import type { Binding, Unit } from '../parse/units.ts'
import { isInstalled } from '../resolve/packages.ts'
import type { LocalModule, Modules } from './modules.ts'
import type { Located, Node } from './stops.ts'

type Mode = keyof When

interface Visit extends Located {
  readonly mode: Mode
}

/** A write to what outlives a step. */
interface Write {
  readonly place: string
  /** What is written to, for people. */
  readonly name: string
  /** The declaration; nothing for what all code sees. */
  readonly target: Unit | undefined
}

/** Where a step's code begins. */
export interface StateRoots {
  readonly nodes: readonly Node[]
  /** Whether these are functions that the step runs, rather than code that makes the step. */
  readonly isRun: boolean
}

/** What steps leave in memory for others. */
export interface StateDoubts {
  /** Of the step whose code begins there. */
  readonly of: (roots: StateRoots) => Doubt[]
  /** Of all steps: what is written to is seen by all code. */
  readonly shared: readonly Doubt[]
}

const CURE =
  'return it from the step, or keep it inside of the function; a `version` or `code: pinned()` says that no result depends on it'

/**
 * Finds the steps that write to what outlives them, and those that can see it: what they do depends on
 * which others ran before, in the same process, and no key shows that.
 */
export function findState(all: readonly StateRoots[], modules: Modules): StateDoubts {
  const links = new Links(modules)
  const reached = new Map(all.map((roots) => [roots, links.reach(roots)]))
  const written = new Map<Unit, Write>()
  const shared = new Map<string, Doubt>()
  for (const visits of reached.values()) {
    for (const visit of visits) {
      for (const write of links.writes(visit)) {
        if (write.target !== undefined) written.set(write.target, write)
        else shared.set(write.place, doubtOf(write))
      }
    }
  }
  return {
    shared: [...shared.values()],
    of: (roots) => {
      const found = new Map<string, Doubt>()
      const visits = reached.get(roots) ?? []
      for (const visit of visits) {
        for (const write of links.writes(visit)) {
          if (write.target !== undefined) found.set(write.place, doubtOf(write))
        }
      }
      for (const { module, unit } of visits) {
        const write = written.get(unit)
        if (write === undefined || found.has(write.place)) continue
        const what = `a read of \`${write.name}\`, which a step writes to (${write.place})`
        found.set(write.place, { what, place: `${module.name}:${unit.lines[0]}`, todo: CURE })
      }
      return [...found.values()]
    },
  }
}

function doubtOf({ name, place }: Write): Doubt {
  return { what: `a write to \`${name}\`, which outlives the step`, place, todo: CURE }
}

/** How units are connected, each looked into once. */
class Links {
  readonly #modules: Modules
  readonly #next = new Map<Unit, Partial<Record<Mode, readonly Visit[]>>>()
  readonly #writes = new Map<Unit, Partial<Record<Mode, readonly Write[]>>>()
  readonly #statements = new Map<LocalModule, readonly Unit[]>()
  readonly #mutating = new Map<Unit, Map<string, boolean>>()

  constructor(modules: Modules) {
    this.#modules = modules
  }

  reach({ nodes, isRun }: StateRoots): readonly Visit[] {
    const seen = new Map<Unit, Set<Mode>>()
    const visits: Visit[] = []
    const add = (visit: Visit): void => {
      const modes = seen.get(visit.unit) ?? new Set()
      seen.set(visit.unit, modes)
      if (modes.has(visit.mode)) return
      modes.add(visit.mode)
      visits.push(visit)
    }
    for (const { module, unit } of nodes) {
      // A module that only imports the one where a step is made does not make it.
      if (unit !== undefined) add({ module, unit, mode: isRun ? 'run' : 'load' })
    }
    // It grows while it is walked.
    for (const visit of visits) for (const next of this.#nextOf(visit)) add(next)
    return visits
  }

  writes({ module, unit, mode }: Visit): readonly Write[] {
    const { writes = [], passes = [] } = unit.state ?? {}
    if (writes.length === 0 && passes.length === 0) return []
    const known = this.#writes.get(unit) ?? {}
    this.#writes.set(unit, known)
    return (known[mode] ??= [
      ...writes.flatMap((write) => (write.when[mode] ? this.#written(write, module, unit) : [])),
      ...passes.flatMap((pass) => (pass.when[mode] ? this.#passed(pass, module) : [])),
    ])
  }

  #written({ root, line, method }: StateWrite, module: LocalModule, unit: Unit): Write[] {
    const place = `${module.name}:${line}`
    if (root === null) return [{ place, name: unit.label, target: unit }]
    // A function of a module is called.
    if (method !== undefined && this.#isNamespace(root[0], module)) return []
    const targets = this.#targets(root, module).filter((target) => {
      if (method === undefined) return true
      const [name, isUsed] = method
      // A function that is called so, of an object, a module or a package.
      if (target === undefined) return !ALSO_PURE.has(name)
      const { methods = [], isForeign = false } = target.state ?? {}
      return !methods.includes(name) && !(isForeign && isUsed && ALSO_PURE.has(name))
    })
    return targets.map((target) => ({ place, name: nameOf(root), target }))
  }

  #passed({ callee: [name, member], index, root, line }: Pass, module: LocalModule): Write[] {
    if (!isRoot(root)) return []
    const place = `${module.name}:${line}`
    const mutates = this.#callees(name, member, module).some(([called, method]) =>
      this.#mutates(called, method, index),
    )
    if (!mutates) return []
    return this.#targets(root, module).map((target) => ({ place, name: nameOf(root), target }))
  }

  /** Whether a function writes through a parameter, or hands it to one that does. */
  #mutates({ module, unit }: Located, method: string, index: number): boolean {
    const known = this.#mutating.get(unit) ?? new Map<string, boolean>()
    this.#mutating.set(unit, known)
    const key = `${index} ${method}`
    const before = known.get(key)
    if (before !== undefined) return before
    // In a circle, the others decide.
    known.set(key, false)
    const { mutates = [], passes = [] } = unit.state ?? {}
    const isOwn = ([name, at]: readonly [string, number]): boolean =>
      name === method && at === index
    const found =
      mutates.some(isOwn) ||
      passes.some(({ callee: [name, member], index: at, root }) => {
        if (isRoot(root) || !isOwn(root)) return false
        return this.#callees(name, member, module).some(([called, inner]) =>
          this.#mutates(called, inner, at),
        )
      })
    known.set(key, found)
    return found
  }

  /** The declarations that a name stands for; `undefined` among them for what is not of the project. */
  #targets(
    [name, member, isCall]: Root,
    module: LocalModule,
    seen: ReadonlySet<Unit> = new Set(),
  ): (Unit | undefined)[] {
    if (isCall) {
      return this.#callees(name, member, module).flatMap(([{ module: home, unit }, method]) => {
        if (seen.has(unit)) return []
        const returned = (unit.state?.returns ?? []).filter(([of]) => of === method)
        const inner = new Set([...seen, unit])
        return returned.flatMap(([, root]) => this.#targets(root, home, inner))
      })
    }
    if (module.isModule !== true) {
      const [whole] = module.units?.units ?? []
      return [whole]
    }
    const bound = this.#bound(name, module)
    if (bound === undefined) return [undefined]
    const found = this.#declared(bound, member, module)
    return found.length === 0 ? [undefined] : found.map(({ unit }) => unit)
  }

  /** The units that are called, each with the method of it, '' for itself. */
  #callees(name: string, member: string | null, module: LocalModule): [Located, string][] {
    const bound = this.#bound(name, module)
    if (bound === undefined) return []
    const isNamespace = bound.kind === 'import' && bound.name === '*'
    const method = isNamespace ? '' : (member ?? '')
    return this.#declared(bound, member, module).map((located) => [located, method])
  }

  #isNamespace(name: string, module: LocalModule): boolean {
    let [bound, home] = [this.#bound(name, module), module]
    for (let steps = 0; bound?.kind === 'import' && steps < 100; steps += 1) {
      if (bound.name === '*') return true
      const [file] = this.#modules.follow(bound.specifier, home) ?? []
      if (file === undefined || isInstalled(file)) return false
      home = this.#modules.get(file)
      bound = home.units?.exports.get(bound.name)
    }
    return false
  }

  #bound(name: string, { units }: LocalModule): Binding | undefined {
    const [, specifier] = /^import (.*)$/s.exec(name) ?? []
    if (specifier !== undefined) return { kind: 'import', specifier, name: '*' }
    return units?.bindings.get(name)
  }

  #declared(bound: Binding, member: string | null, module: LocalModule): Located[] {
    if (bound.kind === 'unit') return [{ module, unit: bound.unit }]
    const name = bound.name === '*' ? (member ?? '*') : bound.name
    return this.#exported(bound.specifier, name, module, new Set())
  }

  /** The units of an export, over modules that pass it on; all of a module for `*`. */
  #exported(specifier: string, name: string, importer: LocalModule, seen: Set<string>): Located[] {
    return (this.#modules.follow(specifier, importer) ?? []).flatMap((file) => {
      const key = `${file}\0${name}`
      if (isInstalled(file) || seen.has(key)) return []
      seen.add(key)
      const module = this.#modules.get(file)
      const { units } = module
      if (units === undefined) return []
      const stars = units.stars.flatMap((each) => this.#exported(each, name, module, seen))
      if (name === '*' || module.isModule !== true) {
        const passed = [...units.exports.values()].flatMap((bound) =>
          bound.kind === 'import' ? this.#exported(bound.specifier, bound.name, module, seen) : [],
        )
        return [...units.units.map((unit) => ({ module, unit })), ...passed, ...stars]
      }
      const bound = units.exports.get(name)
      if (bound === undefined) return stars
      if (bound.kind === 'unit') return [{ module, unit: bound.unit }]
      return this.#exported(bound.specifier, bound.name, module, seen)
    })
  }

  #nextOf({ module, unit, mode }: Visit): readonly Visit[] {
    const known = this.#next.get(unit) ?? {}
    this.#next.set(unit, known)
    return (known[mode] ??= this.#findNext(module, unit, mode))
  }

  #findNext(module: LocalModule, unit: Unit, mode: Mode): Visit[] {
    const { isFunction = true, calledOnly = [] } = unit.state ?? {}
    const called = new Set(isFunction && mode === 'run' ? [] : calledOnly)
    const named = unit.mentions.flatMap(({ name, path, isCalled }): Visit[] => {
      const bound = module.units?.bindings.get(name)
      if (bound === undefined) return []
      const inner = called.has(name) ? 'load' : 'run'
      // Called as a member of a module, a function may get at the others by `this`.
      const member = isCalled ? null : (path[0] ?? null)
      const found = this.#declared(bound, member, module)
      if (mode === 'set') {
        // What its functions call when they are called.
        const functions = found.filter((next) => next.unit.state?.direct === undefined)
        return functions.map((next): Visit => ({ ...next, mode: 'load' }))
      }
      return [
        // Its own name is one of those of a function.
        ...found.map((next): Visit => ({ ...next, mode: next.unit === unit ? mode : inner })),
        ...(bound.kind === 'unit' ? this.#settersOf(name, module) : []),
      ]
    })
    const loaded = unit.references.modules.flatMap(({ specifier }) =>
      this.#exported(specifier, '*', module, new Set()),
    )
    return [...named, ...loaded.map((located): Visit => ({ ...located, mode: 'run' }))]
  }

  /** What gives a name its value, and statements that may put functions into it. */
  #settersOf(name: string, module: LocalModule): Visit[] {
    const statements = this.#statements.get(module) ?? statementsOf(module)
    this.#statements.set(module, statements)
    const setters = module.units?.assigners.get(name) ?? []
    const puts = (unit: Unit): boolean => unit.state?.direct?.includes(name) ?? false
    return [
      ...setters.map((unit): Visit => ({ module, unit, mode: puts(unit) ? 'load' : 'set' })),
      ...statements.filter(puts).map((unit): Visit => ({ module, unit, mode: 'load' })),
    ]
  }
}

/** Those at the top level, not declarations. */
function statementsOf({ units }: LocalModule): readonly Unit[] {
  return (units?.units ?? []).filter(({ isEffect, label }) => isEffect && /^line \d/.test(label))
}

function isRoot(root: Pass['root']): root is Root {
  return root.length === 3
}

function nameOf([name, member, isCall]: Root): string {
  return `${name}${member === null ? '' : `.${member}`}${isCall ? '()' : ''}`
}
