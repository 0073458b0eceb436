import type { Step } from './step.ts'

/** Values to combine, by name. */
export type Axes = Readonly<Record<string, readonly (string | number | boolean | null)[]>>

/** One combination of values. */
export type PointOf<A extends Axes> = { readonly [K in keyof A]: A[K][number] }

/**
 * Makes a step for each combination of some values, named after them: `degree-2-lambda-0_1`. What the
 * steps read is theirs together. Put into a pipeline as a group, or given as `inputs` to a step that
 * compares them:
 *
 * ```ts
 * const fits = matrix({ degree: [1, 2], lambda: [0, 0.1] }, (params) =>
 *   step({ inputs: { rows: clean }, params, run: fit }),
 * )
 * const best = step({ inputs: fits, run: choose })
 * export default pipeline('sweep', { clean, fits, best })
 * ```
 *
 * @throws TypeError for an axis without values, or two combinations of one name.
 */
export function matrix<const A extends Axes, T>(
  axes: A,
  make: (point: PointOf<A>) => Step<T>,
): Readonly<Record<string, Step<T>>> {
  let points: Record<string, unknown>[] = [{}]
  for (const [axis, values] of Object.entries(axes)) {
    if (!Array.isArray(values) || values.length === 0) {
      throw new TypeError(`Expected \`${axis}\` of matrix() to be a list of at least one value`)
    }
    points = points.flatMap((point) => values.map((value) => ({ ...point, [axis]: value })))
  }
  const steps = new Map<string, Step<T>>()
  for (const point of points) {
    const name = Object.entries(point)
      .map(([axis, value]) => `${axis}-${slug(value)}`)
      .join('-')
    if (steps.has(name)) throw new TypeError(`matrix() has two combinations named ${name}`)
    steps.set(name, make(point as PointOf<A>))
  }
  return Object.fromEntries(steps)
}

/** Letters, digits and low lines; those of -1 and 1 differ. */
function slug(value: unknown): string {
  return String(value).replaceAll(/[^a-zA-Z0-9]+/g, '_')
}
