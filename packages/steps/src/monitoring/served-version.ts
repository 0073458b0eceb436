import { loadVersion, readReference } from '@stepwell/registry'
import type { Class } from '../classifier.ts'
import { isClassifier, type Model } from '../model.ts'
import { ReferenceRows } from './reference-sample.ts'

/** A version that has answered. */
export interface ServedVersion {
  readonly id: string
  /** What it reads. */
  readonly features: readonly string[]
  /** What it predicts. */
  readonly target: string
  /** Of a classifier: what it tells apart. */
  readonly classes: readonly Class[] | undefined
  /** At its evaluation: the RMSE, or of a classifier the share of wrong predictions. */
  readonly expected: number | undefined
  readonly reference: ReferenceRows | undefined
}

/**
 * The versions of a model, each read once. That they are read needs no declared input: a version never
 * changes under its id, and the ids are in the log, which is one.
 */
export class ServedVersions {
  readonly #dir: string
  readonly #name: string
  readonly #like: readonly string[]
  readonly #known = new Map<string, ServedVersion>()

  /** @param dir the registry's folder, absolute */
  constructor(dir: string, name: string, like: readonly string[]) {
    this.#dir = dir
    this.#name = name
    this.#like = like
  }

  /** @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_REGISTRY_DAMAGED. */
  get(id: string): ServedVersion {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const { manifest, model } = loadVersion(this.#dir, this.#name, id)
    const classes = isClassifier(model as Model)
      ? (model as { classes: Class[] }).classes
      : undefined
    const reference = readReference(this.#dir, this.#name, id)
    const { accuracy, rmse } = manifest.metrics ?? {}
    const right = typeof accuracy === 'number' ? 1 - accuracy : undefined
    const version: ServedVersion = {
      id,
      features: manifest.schema.inputs.map(({ name }) => name),
      target: manifest.schema.output.name,
      classes,
      expected: classes === undefined ? (rmse ?? undefined) : right,
      reference: reference === undefined ? undefined : new ReferenceRows(reference, this.#like),
    }
    this.#known.set(id, version)
    return version
  }

  /** Those that were asked for, by their ids. */
  all(): ServedVersion[] {
    return [...this.#known.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }
}
