import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Digest } from '@stepwell/base/digest'
import type { Executor } from '../../src/index.ts'
import {
  executorContract,
  tryExecutor,
  type ExecutorSetting,
  type ExecutorTrial,
} from '../../src/testing/executor-contract.ts'
import { contract } from '../fixtures/contract.ts'

/** Tests that an executor keeps the contract. */
export function executorKeeps(title: string, make: (setting: ExecutorSetting) => Executor): void {
  describe(`${title} is an executor`, () => {
    // Workers are dear to start: all tests share them.
    let trial: ExecutorTrial
    beforeAll(() => {
      trial = tryExecutor(make, { pipeline: contract, codes: codesIn })
    })
    afterAll(async () => await trial.close())
    test.each(executorContract)('$name', async ({ run }) => await run(trial))
  })
}

/** The code of the steps as a worker finds it, which knows nothing of the test runner. */
function codesIn(dir: string): Readonly<Record<string, Digest>> {
  const script = join(dirname(expect.getState().testPath ?? ''), 'fixtures', 'contract-code.ts')
  const args = ['--conditions=@stepwell/source', script, dir]
  const text = execFileSync(process.execPath, args, { encoding: 'utf8' })
  return JSON.parse(text) as Record<string, Digest>
}
