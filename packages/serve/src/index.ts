export type { FieldProblem, RefusalBody, RefusalCode } from './answer.ts'
export { serveModel, type LogOptions, type ModelServer, type ServeOptions } from './server.ts'
