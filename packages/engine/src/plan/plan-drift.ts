import type { CodeParts } from '../identity/code.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { FingerprintInput, StepKey } from '../identity/fingerprint.ts'
import { canonicalJson } from '@stepwell/base/json'
import type { Plan, PlannedIngredients } from './plan.ts'
import type { PlannedStep } from './planned-step.ts'
import { compareIngredients, type Ingredients, type Reason } from '../identity/reason.ts'
import { describeReason } from '../identity/reason-text.ts'

const MOST = 8
const WORDS = {
  run: 'will run',
  cached: 'cached',
  skip: 'will be skipped',
  depends: 'depends',
} as const

/**
 * What is no longer as a plan saw it, compared to one made now of the same request; `undefined` when
 * all is. What only follows from a difference upstream is not told.
 */
export function planMoved(planned: Plan, now: Plan): StepwellError | undefined {
  if (planned.pipeline !== now.pipeline) {
    return moved([`it is of pipeline \`${planned.pipeline}\`, and this is \`${now.pipeline}\``])
  }
  const codes = { ...planned.evidence.codes, ...now.evidence.codes }
  const before = new Map(planned.steps.map((step) => [step.name, step]))
  const differences: string[] = []
  const different = new Set<string>()
  for (const step of now.steps) {
    const { name, upstream } = step
    const old = before.get(name)
    before.delete(name)
    const found = old === undefined ? ['is new'] : compareSteps(old, step, planned, now, codes)
    differences.push(...found.map((difference) => `${name}: ${difference}`))
    if (found.length > 0) {
      different.add(name)
    } else if (old?.decision !== step.decision || old.key !== step.key) {
      const follows = upstream.some((read) => different.has(read))
      if (!follows) differences.push(`${name}: ${compareDecisions(old, step)}`)
      different.add(name)
    }
  }
  differences.push(...[...before.keys()].map((name) => `${name}: is gone`))
  return differences.length === 0 ? undefined : moved(differences)
}

/** Why a step of which all inputs are known by now is not the one that was planned. */
export function stepMoved(
  { evidence }: Plan,
  name: string,
  ingredients: Ingredients,
  codes: Readonly<Record<string, CodeParts>>,
): StepwellError | undefined {
  const before = evidence.ingredients[name]
  const differences =
    before === undefined
      ? ['its inputs can be had now']
      : compareMade(
          before,
          { ...ingredients, toCome: { outputs: [], paths: [] } },
          { ...evidence.codes, ...codes },
        )
  if (differences.length === 0) return undefined
  return moved(differences.map((difference) => `${name}: ${difference}`))
}

/** A step that the plan takes from the cache would have to be executed. */
export function cachedMoved(name: string, reasons: readonly Reason[]): StepwellError {
  return moved([`${name}: cached -> will run${because(reasons)}`])
}

function compareSteps(
  old: PlannedStep,
  step: PlannedStep,
  planned: Plan,
  now: Plan,
  codes: Readonly<Record<string, CodeParts>>,
): string[] {
  const before = planned.evidence.ingredients[step.name]
  const after = now.evidence.ingredients[step.name]
  if (before !== undefined && after !== undefined) return compareMade(before, after, codes)
  // One that will fail for want of an input: its reasons are all that is known.
  const [was, is] = [old.reasons, step.reasons].map((reasons) => reasons.map(describeReason))
  return was?.join() === is?.join() ? [] : [(after === undefined ? is : was)?.join('; ') ?? '']
}

/** What was still to be made on either side makes no difference. */
function compareMade(
  before: PlannedIngredients,
  after: PlannedIngredients,
  codes: Readonly<Record<string, CodeParts>>,
): string[] {
  const outputs = new Set([...before.toCome.outputs, ...after.toCome.outputs])
  const paths = new Set([...before.toCome.paths, ...after.toCome.paths])
  const [old, now] = [known(before), known(after)]
  const differences = compareIngredients(old, now, codes).map(describeReason)
  // Whatever comes to be in a fingerprint, and has no words of its own.
  const isSame = canonicalJson(old.fingerprint) === canonicalJson(now.fingerprint)
  if (differences.length === 0 && !isSame) differences.push('what it is made of changed')
  for (const name of new Set([...Object.keys(before.sources), ...Object.keys(after.sources)])) {
    const [was, is] = [declared(before, name), declared(after, name)]
    if (was !== undefined && is !== undefined) {
      if (was.text !== is.text)
        differences.push(`input \`${name}\` is ${is.text}, and was ${was.text}`)
    } else if ((was ?? is)?.isToCome) {
      const change = was === undefined ? 'added' : 'removed'
      const source = (is ?? was)?.text ?? ''
      differences.push(describeReason({ kind: 'input', name, source, change }))
    }
  }
  return differences

  /** Where an input comes from; of what is to come at a path, it is not known yet what that will be. */
  function declared({ fingerprint, sources }: Ingredients, name: string) {
    const source = own(sources, name)
    if (source === undefined) return undefined
    const path = pathToCome(own(fingerprint.inputs, name))
    return { text: path ?? source, isToCome: path !== undefined || outputs.has(source) }
  }

  function pathToCome(part: FingerprintInput | undefined): string | undefined {
    const isPath = part?.kind === 'file' || part?.kind === 'dir'
    return isPath && paths.has(part.path) ? part.path : undefined
  }

  function known({ fingerprint, sources }: Ingredients): Ingredients {
    const inputs = Object.entries(fingerprint.inputs).filter(
      ([name, part]) => pathToCome(part) === undefined && !outputs.has(own(sources, name) ?? ''),
    )
    const besides = Object.entries(fingerprint.dependsOn ?? {}).filter(
      ([, part]) => pathToCome(part) === undefined,
    )
    return {
      sources,
      fingerprint: {
        ...fingerprint,
        inputs: Object.fromEntries(inputs),
        dependsOn: Object.fromEntries(besides),
      },
    }
  }
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function compareDecisions(old: PlannedStep | undefined, step: PlannedStep): string {
  if (old?.decision === step.decision)
    return `its key is ${show(step.key)}, and was ${show(old.key)}`
  const was = old === undefined ? 'not there' : WORDS[old.decision]
  return `${was} -> ${WORDS[step.decision]}${because(step.reasons)}`
}

function show(key: StepKey | undefined): string {
  return key ?? 'not known'
}

function because(reasons: readonly Reason[]): string {
  const [first] = reasons
  return first === undefined ? '' : ` (${describeReason(first)})`
}

function moved(differences: readonly string[]): StepwellError {
  const more = differences.length - MOST
  const told = [...differences.slice(0, MOST), ...(more > 0 ? [`and ${more} more`] : [])]
  return new StepwellError({
    code: 'STEPWELL_PLAN_MOVED',
    summary: 'the plan is out of date',
    details: told.join(', '),
    hint: 'make a new plan: stepwell plan -o <file>',
  })
}
