import type { Digest } from '@stepwell/base/digest'
import type { Fingerprint, FingerprintInput } from './fingerprint.ts'
import { commandChanges, type CommandLine } from '../define/command-line.ts'
import type { CodeParts } from './code.ts'
import { canonicalJson, type Json } from '@stepwell/base/json'
import type { TreeChange } from '../value/tree.ts'

/** Why a step runs, or does not. */
export type Reason =
  | { readonly kind: 'unchanged'; readonly run: string; readonly at: number }
  /** Taken from the cache although the step has changed: a user accepted the change. */
  | {
      readonly kind: 'accepted'
      readonly because: string
      readonly by: string
      readonly at: number
      /** The run that made the outputs. */
      readonly run: string
    }
  /** Its outs were there already, and something says that they are what it would make. */
  | { readonly kind: 'adopted'; readonly because: string }
  | { readonly kind: 'new' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'forced' }
  | { readonly kind: 'uncacheable'; readonly why: string }
  | {
      readonly kind: 'param'
      readonly path: string
      readonly before: Json | undefined
      readonly after: Json | undefined
    }
  | {
      readonly kind: 'input'
      readonly name: string
      readonly source: string
      readonly change: Change
      /** Which files, of a directory or a list of them: the first few, and how many more. */
      readonly files?: readonly TreeChange[]
      readonly moreFiles?: number
      /** Digests of its content, where it has one. */
      readonly before?: Digest
      readonly after?: Digest
    }
  | {
      readonly kind: 'env'
      readonly name: string
      readonly before: string | undefined
      readonly after: string | undefined
    }
  | { readonly kind: 'code-env'; readonly name: string }
  | {
      readonly kind: 'code'
      readonly part: string
      readonly change: Change
      /** Where it is now, from 1. */
      readonly lines?: readonly [first: number, last: number]
    }
  /** What is run: unset where it is a function. */
  | {
      readonly kind: 'command'
      readonly part: keyof CommandLine
      readonly before: Json | undefined
      readonly after: Json | undefined
    }
  /** The text at which the code is pinned, `null` where it is tracked. */
  | { readonly kind: 'pin'; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'depends-on'; readonly source: string; readonly change: Change }
  | {
      readonly kind: 'package'
      readonly name: string
      readonly before: string | undefined
      readonly after: string | undefined
    }
  | { readonly kind: 'site'; readonly before: string; readonly after: string }
  /** Another version of Stepwell made it, whose keys mean something else. */
  | { readonly kind: 'format'; readonly before: number; readonly after: number }
  | { readonly kind: 'node'; readonly before: string; readonly after: string }
  | { readonly kind: 'version'; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'artifact'; readonly problem: 'missing' | 'damaged'; readonly output: string }
  | { readonly kind: 'out-path'; readonly name: string; readonly change: Change }
  /** An out was not in the project as it was made, and came back. */
  | {
      readonly kind: 'restored'
      readonly path: string
      /** `replaced`: it is what the step made for other inputs. */
      readonly problem: 'missing' | 'replaced' | 'edited'
      /** Where what was there before is now, if it could not be made again. */
      readonly aside?: string
    }
  /** An out was edited by hand, and stays so. */
  | { readonly kind: 'kept-edit'; readonly path: string }
  /**
   * An input was touched while the step used it, and so nothing was kept; without `run` in this very run.
   */
  | { readonly kind: 'touched'; readonly source: string; readonly run?: string }
  | { readonly kind: 'effect'; readonly why: string }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'upstream'; readonly steps: readonly string[] }
  | { readonly kind: 'blocked'; readonly by: readonly string[] }
  /** A service: whether it is started, was up already, or is not needed; `by` is a step that needs it. */
  | {
      readonly kind: 'service'
      readonly state: 'needed' | 'kept' | 'not-needed'
      readonly by: string | null
    }
  /** Its condition does not hold. */
  | { readonly kind: 'condition' }
  /** The run ended before the step was started: after a failure, or because it was cancelled. */
  | { readonly kind: 'stopped'; readonly by: string | null }

export type Change = 'changed' | 'added' | 'removed'

/** What a step was made from, the last time its key was known. */
export interface Ingredients {
  readonly fingerprint: Fingerprint
  /** Where each input came from: a file, a variable, a step or a field of its output. */
  readonly sources: Readonly<Record<string, string>>
}

/**
 * All that differs between two sets of ingredients, most telling first: params, inputs, environment,
 * then code. Empty when nothing does.
 *
 * @param codes code by its digest, before and after
 */
export function compareIngredients(
  before: Ingredients,
  after: Ingredients,
  codes: Readonly<Record<string, CodeParts>>,
): Reason[] {
  const [old, now] = [before.fingerprint, after.fingerprint]
  const reasons: Reason[] = []
  compareJson('', old.params, now.params, (path, a, b) =>
    reasons.push({ kind: 'param', path, before: a, after: b }),
  )
  for (const [name, change] of changes(old.inputs, now.inputs)) {
    reasons.push(inputReason(name, change, before, after))
  }
  for (const [name, change] of changes(old.outs, now.outs)) {
    reasons.push({ kind: 'out-path', name, change })
  }
  for (const [source, change] of changes(old.dependsOn ?? {}, now.dependsOn ?? {})) {
    reasons.push({ kind: 'depends-on', source, change })
  }
  for (const [name] of changes(old.env, now.env)) {
    const declared = reasons.some((reason) => reason.kind === 'env' && reason.name === name)
    if (!declared) reasons.push({ kind: 'code-env', name })
  }
  if (old.version !== now.version) {
    reasons.push({ kind: 'version', before: old.version, after: now.version })
  }
  if (old.format !== now.format) {
    reasons.push({ kind: 'format', before: old.format, after: now.format })
  }
  if (old.node !== now.node) reasons.push({ kind: 'node', before: old.node, after: now.node })
  const commands = commandChanges(old.command, now.command)
  reasons.push(...commands.map((change) => ({ kind: 'command', ...change }) as const))
  // All of the code is another one.
  if ((old.command === undefined) !== (now.command === undefined)) return reasons
  const edits = compareCode(codes, old.code, now.code)
  // What happens while modules are loaded may well be reached by the step itself too.
  const told = new Set(edits.map((reason) => canonicalJson(reason)))
  for (const reason of compareCode(codes, old.loading, now.loading)) {
    if (!told.has(canonicalJson(reason))) edits.push(reason)
  }
  reasons.push(...edits)
  // A step moves when lines above it come or go: the changed file says more.
  if (old.site !== now.site && edits.length === 0) {
    reasons.push({ kind: 'site', before: old.site, after: now.site })
  }
  return reasons
}

function inputReason(
  name: string,
  change: Change,
  before: Ingredients,
  after: Ingredients,
): Reason {
  const old = before.fingerprint.inputs[name]
  const now = after.fingerprint.inputs[name]
  if ((old ?? now)?.kind === 'env' && (now ?? old)?.kind === 'env') {
    return { kind: 'env', name: envName(now ?? old), before: envValue(old), after: envValue(now) }
  }
  const [was, is] = [digestOf(old), digestOf(now)]
  return {
    kind: 'input',
    name,
    source: own(after.sources, name) ?? own(before.sources, name) ?? name,
    change,
    ...(was !== undefined && { before: was }),
    ...(is !== undefined && { after: is }),
  }
}

function digestOf(input: FingerprintInput | undefined): Digest | undefined {
  return input !== undefined && 'digest' in input ? input.digest : undefined
}

function envName(input: FingerprintInput | undefined): string {
  return input?.kind === 'env' ? input.name : ''
}

function envValue(input: FingerprintInput | undefined): string | undefined {
  return input?.kind === 'env' ? input.value : undefined
}

function compareCode(
  codes: Readonly<Record<string, CodeParts>>,
  old: Digest,
  now: Digest,
): Reason[] {
  if (old === now) return []
  const [before, after] = [codes[old], codes[now]]
  const [from, to] = [before?.pinned ?? null, after?.pinned ?? null]
  if (from !== null || to !== null) return [{ kind: 'pin', before: from, after: to }]
  const unknown: Reason = { kind: 'code', part: 'its code', change: 'changed' }
  if (before === undefined || after === undefined) return [unknown]
  const reasons: Reason[] = []
  for (const [part, change] of changes(before.parts, after.parts)) {
    const lines = own(after.places ?? {}, part)?.lines
    reasons.push({ kind: 'code', part, change, ...(lines !== undefined && { lines }) })
  }
  for (const [name] of changes(before.packages, after.packages)) {
    reasons.push({
      kind: 'package',
      name,
      before: before.packages[name],
      after: after.packages[name],
    })
  }
  // The same parts may refer to each other in another way.
  return reasons.length > 0 ? reasons : [unknown]
}

function changes<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): [string, Change][] {
  const found: [string, Change][] = []
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()) {
    const [a, b] = [own(before, name), own(after, name)]
    if (a === undefined) found.push([name, 'added'])
    else if (b === undefined) found.push([name, 'removed'])
    else if (canonicalJson(a) !== canonicalJson(b)) found.push([name, 'changed'])
  }
  return found
}

function compareJson(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  report: (path: string, before: Json | undefined, after: Json | undefined) => void,
): void {
  if (isObject(before) && isObject(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()) {
      const inner = path === '' ? key : `${path}.${key}`
      compareJson(inner, own(before, key), own(after, key), report)
    }
  } else if (before === undefined || after === undefined) {
    if (before !== after) report(path, before, after)
  } else if (canonicalJson(before) !== canonicalJson(after)) {
    report(path, before, after)
  }
}

function isObject(json: Json | undefined): json is Readonly<Record<string, Json>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
