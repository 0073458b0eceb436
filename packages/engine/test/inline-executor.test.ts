import { InlineExecutor } from '../src/executor/inline/inline-executor.ts'
import { executorKeeps } from './support/executor-keeps.ts'

executorKeeps(
  'InlineExecutor',
  ({ pipeline: { steps }, ...place }) => new InlineExecutor({ steps, ...place }),
)
