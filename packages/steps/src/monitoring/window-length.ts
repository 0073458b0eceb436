import type { ParamReader } from '../params.ts'

/** How time is cut into windows, in UTC. */
export interface WindowLength {
  /** When the window of a time begins; both in milliseconds since the epoch. */
  readonly startOf: (time: number) => number
  /** The start of a window as ISO 8601 text: a date where all windows begin at midnight. */
  readonly label: (start: number) => string
}

const MINUTE = 60_000
const UNITS: Readonly<Record<string, number>> = {
  minute: MINUTE,
  hour: 60 * MINUTE,
  day: 24 * 60 * MINUTE,
  week: 7 * 24 * 60 * MINUTE,
}
// The first Monday after the epoch, which is a Thursday.
const MONDAY = 4 * 24 * 60 * MINUTE

/**
 * Reads the param `window`: such as `6 hours`, `1 day` or `2 weeks`. Weeks begin on Monday; several of a
 * unit are counted from the epoch.
 * @throws StepwellError STEPWELL_PARAM_INVALID
 */
export function readWindowLength(params: ParamReader): WindowLength {
  const text = params.text('window', '1 day')
  const [, count = '', unit = ''] = /^([1-9]\d{0,4}) (minute|hour|day|week)s?$/.exec(text) ?? []
  const length = Number(count) * (UNITS[unit] ?? Number.NaN)
  if (!(length > 0)) params.refuse('window', 'a length such as "6 hours", "1 day" or "1 week"')
  const origin = unit === 'week' ? MONDAY : 0
  const isWholeDays = unit === 'day' || unit === 'week'
  return {
    startOf: (time) => Math.floor((time - origin) / length) * length + origin,
    label: (start) => {
      const iso = new Date(start).toISOString()
      return isWholeDays ? iso.replace(/T.*/, '') : iso.replace(/:00\.000Z$/, 'Z')
    },
  }
}
