export {
  aliasFolder,
  hasAnswered,
  noteAnswered,
  latestMove,
  latestMoveIn,
  moveAlias,
  movesOf,
  type MoveRequest,
} from './alias.ts'
export { rolledBack, versionBefore, type Move } from './move.ts'
export {
  isVersionId,
  parseModelRef,
  requireAliasName,
  requireModelName,
  type ModelRef,
} from './name.ts'
export {
  predictionFiles,
  readPredictions,
  readServed,
  servedIn,
  type PredictionLine,
  type RefusalLine,
} from './prediction-log.ts'
export {
  addLineage,
  describeVersion,
  exportVersion,
  hasLineage,
  isVersionOf,
  loadVersion,
  modelNames,
  problemOfVersion,
  readReference,
  registerVersion,
  versionFolder,
  versionIds,
  type Lineage,
  type RegisteredVersion,
  type Registration,
} from './registry.ts'
export {
  aliasesOf,
  historyOf,
  resolveVersion,
  type AliasMove,
  type ResolvedVersion,
} from './resolve.ts'
export type { Reference } from './reference.ts'
export { readSchema, type InputField, type ModelSchema } from './schema.ts'
export type { Manifest, ReadVersion, Release } from './version.ts'
