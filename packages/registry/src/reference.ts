/** Rows that a model was trained on, or a sample of them: what later rows are compared with. */
export interface Reference {
  /** How many rows it was drawn from. */
  readonly rows: number
  /**
   * The model's features in its order, then its target; all of one length. Names that are whole numbers come
   * first, as in any object.
   */
  readonly columns: Readonly<Record<string, readonly number[]>>
}

/** JSON with a line for each column, in the order that they have. */
export function referenceText({ rows, columns }: Reference): string {
  const lines = Object.entries(columns).map(
    ([name, numbers]) => `    ${JSON.stringify(name)}: ${JSON.stringify(numbers)}`,
  )
  return `{\n  "rows": ${rows},\n  "columns": {\n${lines.join(',\n')}\n  }\n}\n`
}
