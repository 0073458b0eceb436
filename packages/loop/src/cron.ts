import { Cron } from 'croner'

/**
 * When a cron expression is due next after a time, both in milliseconds since the epoch; `undefined` where it
 * never is again.
 *
 * @param timezone such as `Europe/Vienna` @default that of the machine
 * @throws what croner does for an invalid expression or time zone.
 */
export function nextTime(
  cron: string,
  timezone: string | undefined,
  after: number,
): number | undefined {
  const job = new Cron(cron, {
    paused: true,
    mode: '5-or-6-parts',
    ...(timezone !== undefined && { timezone }),
  })
  return job.nextRun(new Date(after))?.getTime()
}
