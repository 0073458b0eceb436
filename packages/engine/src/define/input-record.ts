/** An input as a person sees it. */
export interface InputRecord {
  readonly name: string
  /** `file data/hour.csv`, `env REGION`, `clean`, `split.train`. */
  readonly source: string
  readonly digest?: string
  readonly about?: string
}
