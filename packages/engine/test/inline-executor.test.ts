import { InlineExecutor } from '../src/executor/inline/inline-executor.ts'
import { executorContract } from './support/executor-contract.ts'

executorContract(
  'InlineExecutor',
  ({ pipeline: { steps }, ...place }) => new InlineExecutor({ steps, ...place }),
)
