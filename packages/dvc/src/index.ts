export type { Content } from './content/content.ts'
export { DvcCache } from './content/dvc-cache.ts'
export { listingText, type ListedFile } from './content/dir-listing.ts'
export { md5OfFile, type HashName } from './content/md5.ts'
export { diskPath, measure, workspaceOf, type Measured, type Workspace } from './content/measure.ts'
export type { LockEntry } from './lock/lock-entry.ts'
export { measureStage, type MeasuredStage } from './lock/measure-stage.ts'
export { paramValues, type ParamValues } from './lock/param-values.ts'
export { lockFileOf, readLock } from './lock/read-lock.ts'
export { staleReasonText, type StaleReason } from './lock/reason.ts'
export {
  isStale,
  removedReasons,
  sourceStatus,
  stageStatus,
  type StatusRequest,
} from './lock/status.ts'
export { lockText, writeLock } from './lock/write-lock.ts'
export type { Place } from './place.ts'
export type { DvcConfig } from './project/dvc-config.ts'
export type { DvcYaml } from './project/dvc-yaml.ts'
export type { EngineOptions } from './project/engine-options.ts'
export { dvcIgnore } from './project/find-files.ts'
export { gitIgnore, ignoreInGit, type GitIgnores } from './project/git-ignore.ts'
export { loadProject, type DvcProject } from './project/load-project.ts'
export { planRepro, type ReproOptions } from './project/plan-repro.ts'
export { ProjectFiles } from './project/project-files.ts'
export type { Source, SourceOut } from './project/source.ts'
export {
  isCallback,
  type Location,
  type OutKind,
  type Stage,
  type StageDep,
  type StageOut,
  type StageParams,
} from './project/stage.ts'
export { shellArguments, stageEnvironment } from './project/stage-shell.ts'
export type { StageGraph } from './project/stage-graph.ts'
export { selectTargets, type TargetOptions } from './project/targets.ts'
export type { DvcKey, DvcMap, DvcValue } from './value/value.ts'
export { locationKey } from './project/location.ts'
export { dvcPipeline, dvcRoot, type DvcPipeline } from './run/dvc-pipeline.ts'
export { prepare, type Prepared, type PrepareOptions } from './run/prepare.ts'
export type { TrackedOut } from './run/tracked.ts'
export { recordRun } from './run/record.ts'
export { selectStages, type Selection, type SelectOptions } from './run/select.ts'
export { diffValues, type ValueChange, type ValueDiff } from './metrics/diff-values.ts'
export type { FileValues, RevisionValues } from './metrics/file-values.ts'
export { flatten, type FlatValues } from './metrics/flatten.ts'
export { metricPaths, metricValues } from './metrics/metric-values.ts'
export { paramsOf, type ParamOptions } from './metrics/param-values.ts'
export { collectPlots } from './plots/collect-plots.ts'
export type {
  ChartStyle,
  Confusion,
  Coordinate,
  Plot,
  PlotContent,
  PlotError,
  PlotImage,
  Series,
} from './plots/plot.ts'
export { plotPaths, type PlotProps, type PlotTargets } from './plots/plot-definition.ts'
export { GitRepository, type CommitSet, type NamedCommit } from './revision/git.ts'
export { gitRevision, runRevision, workspaceRevision } from './revision/open-revision.ts'
export type { Revision } from './revision/revision.ts'
export { jsonOf } from './run/json-value.ts'
export { pythonText } from './value/text.ts'
