// For those who implement a port: what an implementation needs, and the contract that it must keep.
export { digestBytes, digestText, type Digest } from '@stepwell/base/digest'
export { StepwellError } from '@stepwell/base/errors'
export { InlineExecutor, type InlineOptions } from './executor/inline/inline-executor.ts'
export { readInputs } from './executor/inline/job-inputs.ts'
export type { Check } from './testing/check.ts'
export { artifactStoreContract } from './testing/artifact-store-contract.ts'
export { contractPipeline } from './testing/contract-pipeline.ts'
export {
  executorContract,
  tryExecutor,
  type ExecutorSetting,
  type ExecutorTrial,
  type TrialOptions,
} from './testing/executor-contract.ts'
export { MemoryArtifacts } from './testing/memory-artifacts.ts'
export { MemoryStepCache } from './testing/memory-step-cache.ts'
export { stepCacheContract } from './testing/step-cache-contract.ts'
export { decodeValue, encodeValue } from './value/codec.ts'
