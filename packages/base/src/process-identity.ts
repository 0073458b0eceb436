/** What tells a process from any other, also from a later one of the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** When and where it began, as the kernel says; `null` where the platform does not tell. */
  readonly started: string | null
}
