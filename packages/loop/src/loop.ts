import type { Pipeline, Step } from '@stepwell/engine'
import type { AlertTarget } from './alert.ts'
import type { OnDrift, OnNewData, OnSchedule, Target, Trigger } from './trigger.ts'

/** A trigger whose steps are known by name. */
export type NamedTrigger = { readonly name: string; readonly run: readonly string[] } & (
  | Omit<OnSchedule, 'run'>
  | Omit<OnNewData, 'run'>
  | (Omit<OnDrift, 'run' | 'monitor'> & { readonly monitor: string })
)

export interface LoopOptions {
  /** By names for them, which records and alerts use. */
  readonly triggers: Readonly<Record<string, Trigger>>
  /** Where alerts go. @default none are sent */
  readonly alerts?: readonly AlertTarget[]
}

/** What makes a pipeline run again by itself. Plain data: `runLoop` and `stepwell schedule` carry it out. */
export interface Loop {
  readonly kind: 'loop'
  readonly pipeline: Pipeline
  readonly triggers: readonly NamedTrigger[]
  readonly alerts: readonly AlertTarget[]
}

const NAME = /^[a-z][a-zA-Z0-9]*(?:-[a-z0-9]+)*$/

/**
 * Declares when a pipeline runs again by itself. Export it from the pipeline file.
 *
 * @throws TypeError for a name that is not lower camel or kebab case, for a step that is none of the
 *   pipeline's, and without triggers.
 */
export function loop(pipeline: Pipeline, { triggers, alerts = [] }: LoopOptions): Loop {
  const entries = Object.entries(triggers)
  if (entries.length === 0)
    throw new TypeError('Expected `triggers` of loop() to name at least one')
  return Object.freeze({
    kind: 'loop',
    pipeline,
    triggers: entries.map(([name, trigger]) => named(pipeline, name, trigger)),
    alerts: [...alerts],
  })
}

/** Names of the steps whose status a loop goes on looking at. */
export function monitorsOf({ triggers }: Loop): string[] {
  const names = triggers.flatMap((trigger) => (trigger.kind === 'drift' ? [trigger.monitor] : []))
  return [...new Set(names)]
}

function named(pipeline: Pipeline, name: string, trigger: Trigger): NamedTrigger {
  if (!NAME.test(name)) {
    throw new TypeError(
      `Expected the name of a trigger in lower camel or kebab case, got ${JSON.stringify(name)}`,
    )
  }
  const nameOf = (target: Target): string => nameIn(pipeline, name, target)
  const run = [...new Set(trigger.run.map(nameOf))]
  return trigger.kind === 'drift'
    ? { ...trigger, name, run, monitor: nameOf(trigger.monitor) }
    : { ...trigger, name, run }
}

function nameIn({ name, steps }: Pipeline, trigger: string, target: Target): string {
  const found = typeof target === 'string' ? steps.has(target) && target : keyOf(steps, target)
  if (typeof found === 'string') return found
  throw new TypeError(
    `Expected trigger \`${trigger}\` to name steps of pipeline \`${name}\`, got ${
      typeof target === 'string' ? JSON.stringify(target) : 'a step that is not in it'
    }`,
  )
}

function keyOf(steps: ReadonlyMap<string, Step>, step: Step): string | undefined {
  for (const [name, each] of steps) if (each === step) return name
  return undefined
}
