import { MOST_TIMER } from './delay.ts'

/** What is left of an execution that did not end in time after it was told to stop. */
export const LEFT_ALONE: unique symbol = Symbol('left alone')

/**
 * Waits for work that was told to stop by a signal, but no longer than a time of grace from then on: what
 * it gives later, or throws, counts for nothing.
 *
 * @param grace milliseconds
 */
export async function unlessLeftAlone<T>(
  work: Promise<T>,
  signal: AbortSignal,
  grace: number,
): Promise<T | typeof LEFT_ALONE> {
  const late = Promise.withResolvers<typeof LEFT_ALONE>()
  let timer: NodeJS.Timeout | undefined
  const begin = (): void => {
    timer = setTimeout(() => late.resolve(LEFT_ALONE), Math.min(grace, MOST_TIMER))
  }
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', begin)
    work.catch(() => undefined)
  }
}
