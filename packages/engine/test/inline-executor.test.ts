import { InlineExecutor } from '../src/executor/inline-executor.ts'
import { executorContract } from './support/executor-contract.ts'

executorContract('InlineExecutor', (setting) => new InlineExecutor(setting))
