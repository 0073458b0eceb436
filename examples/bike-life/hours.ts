/** One hour of rentals; `dteday` is an ISO date. */
export interface Hour {
  readonly dteday: string
  readonly hr: number
  readonly cnt: number
  readonly [column: string]: number | string
}

const DAY = 86_400_000

/** The hours of the last days; they are sorted by time. */
export function newest(hours: readonly Hour[], days: number): Hour[] {
  const last = Date.parse(hours.at(-1)?.dteday ?? '')
  return hours.filter(({ dteday }) => Date.parse(dteday) > last - days * DAY)
}
