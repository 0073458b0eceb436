import { WorkerExecutor } from '../src/executor/worker/worker-executor.ts'
import { executorContract } from './support/executor-contract.ts'

for (const kind of ['thread', 'process'] as const) {
  executorContract(
    `WorkerExecutor with a ${kind}`,
    (setting) => new WorkerExecutor({ ...setting, kind }),
  )
}
