export type { Cell } from './cell.ts'
export type { Row, Rows } from './table.ts'
export { readCsv, type ReadCsvInputs, type ReadCsvParams } from './csv.ts'
export { dropMissing, type DropMissingInputs, type DropMissingParams } from './missing.ts'
export { selectColumns, type SelectColumnsInputs, type SelectColumnsParams } from './columns.ts'
export {
  splitRows,
  type SplitByColumn,
  type SplitByFraction,
  type SplitByIndex,
  type SplitByRandom,
  type SplitRows,
  type SplitRowsInputs,
  type SplitRowsParams,
} from './split.ts'
export {
  trainRegression,
  type TrainBoosting,
  type TrainCurve,
  type TrainForest,
  type TrainKernelRidge,
  type TrainLinear,
  type TrainNeighbours,
  type TrainPolynomial,
  type TrainRegressionInputs,
  type TrainRegressionParams,
  type TrainTree,
} from './training.ts'
export {
  trainClassifier,
  type TrainBoostingClassifier,
  type TrainClassifierInputs,
  type TrainClassifierParams,
  type TrainForestClassifier,
  type TrainLogistic,
  type TrainNaiveBayes,
  type TrainNeighboursClassifier,
  type TrainTreeClassifier,
} from './classification.ts'
export type { Class, ClassifierModel } from './classifier.ts'
export {
  importanceOf,
  isClassifier,
  loadModel,
  type LinearModel,
  type Model,
  type ModelKind,
  type OpenModel,
  type PolynomialModel,
  type Predictor,
  type RegressionModel,
  type Residuals,
} from './model.ts'
export { openModel } from './open-model.ts'
export type { OnnxClassifier, OnnxModel, OnnxRegressor } from './onnx/onnx-model.ts'
export { importOnnx, type ImportOnnxInputs, type ImportOnnxParams } from './onnx/import-onnx.ts'
export { readModel, type ReadModelInputs, type ReadModelParams } from './read-model.ts'
export {
  evaluateRegression,
  type EvaluateRegressionInputs,
  type EvaluateRegressionParams,
} from './evaluation.ts'
export {
  findChampion,
  type Champion,
  type FindChampionInputs,
  type FindChampionParams,
} from './champion.ts'
export {
  evaluateModel,
  type EvaluateModelInputs,
  type EvaluateModelParams,
  type Evaluation,
  type ResidualSummary,
  type Slice,
} from './model-evaluation.ts'
export type { ClassScore } from './classification-metrics.ts'
export type { Metrics, RegressionMetrics } from './metrics.ts'
export {
  pickBest,
  planTrials,
  scoreTrial,
  trainCandidate,
  type Best,
  type Candidate,
  type CandidateGrid,
  type CandidateScore,
  type PickBestInputs,
  type PickBestParams,
  type PlanTrialsParams,
  type ScoreTrialInputs,
  type TrainCandidateInputs,
  type Trial,
  type TrialScore,
} from './search.ts'
export { reportModel, type ReportModelInputs, type ReportModelParams } from './report-model.ts'
export {
  metricGate,
  type GatePassed,
  type MetricGateInputs,
  type MetricGateParams,
} from './metric-gate.ts'
export {
  deployModel,
  type CurrentVersion,
  type DeployModelInputs,
  type DeployModelParams,
  type Deployment,
} from './deployment.ts'
export type { FeatureBounds } from './model-schema.ts'
export {
  promoteModel,
  type PromoteModelInputs,
  type PromoteModelParams,
  type Promotion,
} from './promotion.ts'
export {
  monitorModel,
  type ColumnDrift,
  type ComparedPerformance,
  type MonitorModelInputs,
  type MonitorModelParams,
  type MonitorReport,
  type Performance,
  type WindowPerformance,
} from './monitor.ts'
export type { Status } from './status.ts'
export {
  monitorPredictions,
  type MonitorPredictionsInputs,
} from './monitoring/monitor-predictions.ts'
export type { MonitorPredictionsParams } from './monitoring/monitor-params.ts'
export type { MonitoredWindow, PredictionReport } from './monitoring/prediction-report.ts'
export type { PredictionLog } from './monitoring/served-line.ts'
export type { ComparedWith, Latency, Refused } from './monitoring/measure.ts'
export type { ClassificationError, RegressionError, WindowError } from './monitoring/error.ts'
export type { Drift } from './drift.ts'
export type { Contingency } from './contingency.ts'
export type { EffectStep } from './effect.ts'
export { openTable, type OpenTableOptions, type Table } from './tables/open-table.ts'
export type { Column, ColumnType, DeclaredType } from './tables/column.ts'
export type { SqlRow, SqlValue } from './tables/duckdb.ts'
export {
  collectTable,
  type CollectTableInputs,
  type CollectTableParams,
  type TypingParams,
} from './tables/collect.ts'
export type { Collected, CollectContext } from './tables/type-columns.ts'
export {
  cleanTable,
  type Cleaned,
  type CleanOperation,
  type CleanTableInputs,
  type CleanTableParams,
} from './tables/clean.ts'
export {
  fitTransform,
  type FitOperation,
  type FitTransformInputs,
  type FitTransformParams,
} from './tables/fit-transform.ts'
export {
  applyTransform,
  type ApplyTransformInputs,
  type Transformed,
} from './tables/apply-transform.ts'
export type { FittedOperation, Transform } from './tables/transform.ts'
export {
  splitTable,
  type SplitTable,
  type SplitTableInputs,
  type SplitTableParams,
} from './tables/split-table.ts'
export {
  foldTable,
  takeFold,
  type FoldTableInputs,
  type FoldTableParams,
  type TakeFoldInputs,
  type TakeFoldParams,
} from './tables/fold-table.ts'
export {
  validateTable,
  type ColumnRules,
  type Validated,
  type ValidateTableInputs,
  type ValidateTableParams,
} from './tables/validate.ts'
export {
  collectPostgres,
  collectSqlite,
  type CollectPostgres,
  type CollectPostgresInputs,
  type CollectSqliteInputs,
  type CollectSqlParams,
} from './tables/collect-sql.ts'
