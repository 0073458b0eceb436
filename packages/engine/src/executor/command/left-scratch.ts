import { join } from 'node:path'
import type { Job, JobResult } from '../executor.ts'

/** How many jobs were left alone in this process that may be at work in a directory still. */
const left = new Map<string, number>()

/**
 * The job with directories for work in progress in which none is at work that was left alone: other ones
 * inside of them, which go with them.
 */
export function withFreeScratch(job: Job): Job {
  const { items } = job
  return {
    ...job,
    scratch: freeScratch(job.scratch),
    ...(items !== undefined && {
      items: items.map((item) => ({ ...item, scratch: freeScratch(item.scratch) })),
    }),
  }
}

/** Takes down where what was left alone of a job may be at work. */
export function noteLeft({ scratch, items }: Job, result: JobResult): void {
  const all = items?.map((item) => item.scratch) ?? [scratch]
  if (!result.ok) {
    if (isLeft(result.failure)) for (const each of all) leave(each)
  } else if ('items' in result) {
    for (const [index, item] of result.items.entries()) {
      if (!item.ok && isLeft(item.failure)) leave(all[index] ?? scratch)
    }
  }
}

function freeScratch(scratch: string): string {
  const before = left.get(scratch)
  return before === undefined ? scratch : join(scratch, `again-${before}`)
}

function leave(scratch: string): void {
  left.set(scratch, (left.get(scratch) ?? 0) + 1)
}

function isLeft({ code }: { readonly code?: string }): boolean {
  return code === 'STEPWELL_NOT_STOPPED'
}
