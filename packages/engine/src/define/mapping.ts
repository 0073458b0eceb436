/** How a step goes over the items of its input `item`. */
export interface Mapping {
  /** How many are given to an executor at once; `undefined`: as many as seem good. */
  readonly batch: number | undefined
  /** What an item is called in logs and errors. */
  readonly key: ((item: never) => string) | undefined
}

/** The name of the input under which a mapped function receives its item. */
export const ITEM = 'item'
