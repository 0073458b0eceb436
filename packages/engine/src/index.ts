export { command, type CommandOptions, type PrintedJson } from './define/command.ts'
export type { Command, CommandLine } from './define/command-line.ts'
export type { Acceptance } from './identity/acceptance.ts'
export type { Artifact, OutArtifact, Outputs } from './value/artifact.ts'
export type { DirInput, FileInput, StepContext, StepFunction } from './define/context.ts'
export type { CopyRequest } from './engine/export-outs.ts'
export type { Digest } from '@stepwell/base/digest'
export type { AcceptedStep, AcceptRequest } from './engine/accept.ts'
export {
  openEngine,
  type Engine,
  type EngineOptions,
  type ExecutorPlace,
  type RunRequest,
  type WaitRequest,
} from './engine/engine.ts'
export { StepwellError } from '@stepwell/base/errors'
export { ERROR_CODES, type ErrorCode } from '@stepwell/base/error-codes'
export type { Estimate } from './plan/estimate.ts'
export type { RunEvent } from './record/event.ts'
export type { Executor, Job, JobEvents, JobResult } from './executor/executor.ts'
export type { StepKey } from './identity/fingerprint.ts'
export type { CachedEntry, CacheListing } from './engine/cache-entries.ts'
export type { CodeReport, ReportedCode, ReportedFile, ReportedPart } from './engine/code-report.ts'
export type { Doubt } from './identity/code.ts'
export type { GarbageEntry, GarbageReport, GarbageRequest } from './engine/gc.ts'
export type { Explanation, PastCause } from './engine/explain.ts'
export { gate, type GateCheck, type GateOptions } from './define/gate.ts'
export { toDot, toMermaid } from './engine/graph.ts'
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
} from './define/inputs.ts'
export type {
  ExecutionOptions,
  ExecutorKind,
  FailureCode,
  RetryOptions,
} from './define/execution.ts'
export type { OnFailure } from './run/cancellation.ts'
export { matrix, type Axes, type PointOf } from './define/matrix.ts'
export { outline, type OutlinedStep } from './engine/outline.ts'
export type { Pipeline, PipelineOptions, StepGroup } from './define/pipeline.ts'
export type { Evidence, Plan } from './plan/plan.ts'
export type { LiveRun, PipelineStatus, StepSituation, StepState } from './engine/pipeline-status.ts'
export { decodePlan, encodePlan } from './plan/plan-file.ts'
export type { Decision, LastExecution, PlannedStep } from './plan/planned-step.ts'
export { describeReason, linesText, type Reason } from './identity/reason-text.ts'
export { service, type ReadyOptions, type ServiceOptions } from './define/service.ts'
export type { RestoredOut, RestoreRequest } from './engine/restore.ts'
export type { CleanedOut, CleanReport, CleanRequest } from './engine/clean.ts'
export type { RunRecord } from './record/run-record.ts'
export type { MetricDiff, OutputDiff, RunDiff, StepDiff, StepSide } from './record/run-diff.ts'
export type { Run } from './run/run.ts'
export { parseTime, type Size, type Time } from '@stepwell/base/quantity'
export { pinned, type Pinned } from './define/pinned.ts'
export { pipeline, pipelineOf, type RunnablePipeline } from './engine/run-pipeline.ts'
export { hideSecrets } from './engine/hide-secrets.ts'
export type { PlanRequest } from './engine/session.ts'
export type { RunStatus, StepStatus } from './record/status.ts'
export { step, type ItemOf, type MapOptions, type Over } from './define/map.ts'
export { type Out, type Outs, type Picked, type Step } from './define/step.ts'
export type { ItemCounts, StepRecord } from './record/step-record.ts'
export { matchFiles } from './store/inputs/match-files.ts'
export type { VerifyReport, VerifyRequest } from './engine/verify.ts'
export { sourcesBehind, type Watched, type WatchedStep } from './engine/watch-list.ts'
export type { Failure } from '@stepwell/base/failure'
export type { JobOut } from './store/objects/import-outs.ts'
export type { JobInput } from './identity/job-input.ts'
export type { StepEntry } from './record/step-entry.ts'
export type { StepCache } from './store/cache/step-cache.ts'
export type { Claim } from './store/claims/claims.ts'
export type { FileDigests, FileState } from './store/inputs/project-files.ts'
export type {
  ArtifactState,
  ArtifactStore,
  LinkMode,
  StoredArtifact,
} from './store/objects/artifact-store.ts'
export type { InputRecord } from './define/input-record.ts'
export type { Dependency, StepOptions } from './define/step-options.ts'
