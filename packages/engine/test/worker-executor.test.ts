import { WorkerExecutor } from '../src/executor/worker/worker-executor.ts'
import { executorKeeps } from './support/executor-keeps.ts'

for (const kind of ['thread', 'process'] as const) {
  executorKeeps(
    `WorkerExecutor with a ${kind}`,
    (setting) => new WorkerExecutor({ ...setting, kind }),
  )
}
