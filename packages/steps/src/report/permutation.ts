import { scoresOf } from '../model-evaluation.ts'
import { isClassifier, type Model, type OpenModel } from '../model.ts'
import { createRandom, shuffledIndices } from '../random.ts'
import type { Rows } from '../table.ts'

const REPEATS = 3

export interface Importance {
  readonly feature: string
  /** By how much the error grows, on average. */
  readonly growth: number
}

/** The error that importance is told in. */
export function errorNameOf(model: Model): 'logLoss' | 'rmse' {
  return isClassifier(model) ? 'logLoss' : 'rmse'
}

/**
 * By how much the error on some rows grows when the cells of a feature are shuffled among them, largest
 * first: what the model, of whatever kind, draws from it.
 *
 * Source: A. Fisher, C. Rudin, F. Dominici, "All Models are Wrong, but Many are Useful", JMLR 20, 2019.
 */
export async function permutationImportance(
  model: Model,
  opened: OpenModel,
  rows: Rows,
  seed: number,
): Promise<Importance[]> {
  const error = errorNameOf(model)
  const errorOf = async (table: Rows): Promise<number> =>
    (await scoresOf(model, opened, table)).metrics[error] ?? Number.NaN
  const before = await errorOf(rows)
  const random = createRandom(seed)
  const found: Importance[] = []
  for (const feature of model.features) {
    let sum = 0
    for (let turn = 0; turn < REPEATS; turn++) {
      const order = shuffledIndices(rows.length, random)
      const shuffled = rows.map((row, place) => ({
        ...row,
        [feature]: rows[order[place] ?? 0]?.[feature] ?? null,
      }))
      sum += (await errorOf(shuffled)) - before
    }
    found.push({ feature, growth: sum / REPEATS })
  }
  return found.toSorted((a, b) => b.growth - a.growth)
}
