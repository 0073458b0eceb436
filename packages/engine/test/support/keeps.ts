import { describe, test } from 'vitest'
import type { Check } from '../../src/testing/check.ts'

/** Tests that a subject keeps a contract. */
export function keeps<T>(title: string, contract: readonly Check<T>[], subject: () => T): void {
  describe(title, () => {
    test.each(contract)('$name', async ({ run }) => await run(subject()))
  })
}
