export { command, type CommandOptions } from './command.ts'
export type { Command, CommandLine } from './command-line.ts'
export type { Acceptance } from './acceptance.ts'
export type { Artifact, OutArtifact, Outputs } from './artifact.ts'
export type { DirInput, FileInput, StepContext, StepFunction } from './context.ts'
export type { CopyRequest } from './copy-outs.ts'
export type { Digest } from './digest.ts'
export type { AcceptedStep, AcceptRequest } from './accepting.ts'
export {
  openEngine,
  type Engine,
  type EngineOptions,
  type ExecutorPlace,
  type RunRequest,
  type WaitRequest,
} from './engine.ts'
export { StepwellError, type ErrorCode } from './errors.ts'
export type { Estimate } from './estimate.ts'
export type { RunEvent } from './event.ts'
export type { Executor, Job, JobEvents, JobInput, JobOut, JobResult } from './executor/executor.ts'
export type { StepKey } from './fingerprint.ts'
export type { CachedEntry, CacheListing } from './cache-entries.ts'
export type { CodeReport, ReportedCode, ReportedFile, ReportedPart } from './code-report.ts'
export type { Doubt } from './code.ts'
export type { GarbageEntry, GarbageReport, GarbageRequest } from './collect-garbage.ts'
export { gate, type GateCheck, type GateOptions } from './gate.ts'
export { toDot, toMermaid } from './graph.ts'
export {
  dir,
  env,
  file,
  fileOrDir,
  glob,
  secret,
  url,
  type DirHandle,
  type EnvHandle,
  type FileHandle,
  type FileOrDirHandle,
  type GlobHandle,
  type SecretHandle,
  type UrlHandle,
} from './input.ts'
export type { ExecutionOptions, ExecutorKind, RetryOptions } from './execution.ts'
export type { OnFailure } from './halt.ts'
export { matrix, type Axes, type PointOf } from './matrix.ts'
export { outline, type OutlinedStep } from './outline.ts'
export type { Pipeline, PipelineOptions, StepGroup } from './pipeline.ts'
export type { Evidence, Plan } from './plan.ts'
export type { LiveRun, PipelineStatus, StepSituation, StepState } from './pipeline-status.ts'
export { decodePlan, encodePlan } from './plan-file.ts'
export type { Decision, LastExecution, PlannedStep } from './planned-step.ts'
export { describeReason, linesText, type Reason } from './reason-text.ts'
export { service, type ReadyOptions, type ServiceOptions } from './service.ts'
export type { RestoredOut, RestoreRequest } from './restore-project.ts'
export type { RunRecord } from './run.ts'
export type { MetricDiff, OutputDiff, RunDiff, StepDiff, StepSide } from './run-diff.ts'
export type { Run } from './run-handle.ts'
export { parseTime, type Time } from './quantity.ts'
export { pinned, type Pinned } from './pinned.ts'
export { pipeline, pipelineOf, type RunnablePipeline } from './runnable.ts'
export type { PlanRequest } from './situation.ts'
export type { RunStatus, StepStatus } from './status.ts'
export { step, type ItemOf, type MapOptions, type Over } from './step-map.ts'
export {
  type Dependency,
  type Out,
  type Outs,
  type Picked,
  type Step,
  type StepOptions,
} from './step.ts'
export type { Failure, InputRecord, ItemCounts, StepRecord } from './step-record.ts'
export type {
  ArtifactState,
  ArtifactStore,
  Claim,
  FileDigests,
  FileState,
  LinkMode,
  StepCache,
  StepEntry,
  StoredArtifact,
} from './store/store.ts'
export { matchFiles } from './store/project-files.ts'
export type { VerifyReport, VerifyRequest } from './verify-cache.ts'
export { sourcesBehind, type Watched, type WatchedStep } from './watched.ts'
