import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify'
import { lossIn } from '@stepwell/base/read-json'
import { randomUUID } from 'node:crypto'
import { messageOf } from '@stepwell/base/errors'
import { bodyOf, Refusal, type FieldProblem } from './answer.ts'
import { metadataOf, rowsOf, tensorOf } from './infer-protocol.ts'
import type { Metrics } from './metrics.ts'
import { predictRows, type Predictions } from './predict.ts'
import type { ReadyModel } from './live-model.ts'
import type { ServedRequest } from './log-lines.ts'
import { tokenTest } from './token.ts'

export interface HttpLimits {
  /** In bytes. */
  readonly bodyLimit: number
  readonly maxRows: number
  /** Predictions under way, the reading of their bodies included. */
  readonly maxConcurrent: number
  /** In milliseconds: for a request to arrive whole. */
  readonly requestTimeout: number
}

export interface HttpParts {
  readonly current: () => ReadyModel
  readonly isDraining: () => boolean
  readonly metrics: Metrics
  readonly token: string | undefined
  readonly limits: HttpLimits
  readonly version: string
  /** Called with errors that the client did not cause. */
  readonly failed: (request: string, error: unknown) => void
  /** What rows may have beside the inputs of the model. */
  readonly keep: readonly string[]
  readonly predicted: (served: ServedRequest, predictions: Predictions) => void
  /** Called with rows that the schema does not allow. */
  readonly refused: (served: ServedRequest, problems: readonly FieldProblem[]) => void
}

declare module 'fastify' {
  interface FastifyRequest {
    /** When its head was read, by `performance.now()`. */
    started: number
  }
  interface FastifyContextConfig {
    /** Without a token. */
    readonly isOpen?: boolean
    /** Counts for `maxConcurrent`. */
    readonly isLimited?: boolean
  }
}

const REQUEST_ID = /^[\w.:-]{1,128}$/

/** The routes of a server, with their limits; it does not listen yet. */
export function createHttp(parts: HttpParts): FastifyInstance {
  const { limits } = parts
  const app = fastify({
    bodyLimit: limits.bodyLimit,
    requestTimeout: limits.requestTimeout,
    // Requests under way when the server stops are answered as usual.
    return503OnClosing: false,
    forceCloseConnections: false,
    logger: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    },
    http: {
      headersTimeout: limits.requestTimeout,
      connectionsCheckingInterval: Math.min(1000, Math.ceil(limits.requestTimeout / 4)),
    },
  })
  app.decorateRequest('started', 0)
  // A page in a browser may send text to anywhere, but JSON only where it is let.
  app.removeContentTypeParser('text/plain')
  readStrictly(app)
  guard(app, parts)
  answerErrors(app, parts)
  addHealth(app, parts)
  addPredictions(app, parts)
  app.get('/metrics', async (_, reply) => {
    reply.header('content-type', parts.metrics.contentType)
    return await parts.metrics.text()
  })
  return app
}

/** As Fastify reads JSON, which refuses `__proto__`, but no number is taken for another one. */
function readStrictly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      const loss = lossIn(body)
      if (loss === undefined) void parse(request, body, done)
      else done(new Refusal(400, 'INVALID_REQUEST', `in the body ${loss.message}`))
    },
  )
}

function guard(app: FastifyInstance, { limits, metrics, token, isDraining }: HttpParts): void {
  const isAllowed = token === undefined ? undefined : tokenTest(token)
  let flying = 0
  app.addHook('onRequest', (request, reply, next) => {
    request.started = performance.now()
    const { url = 'none', config } = request.routeOptions
    const { isOpen = false, isLimited = false } = config as {
      readonly isOpen?: boolean
      readonly isLimited?: boolean
    }
    reply.header('x-request-id', request.id)
    // A client that keeps a connection to a stopping server has to look for another one.
    if (isDraining()) reply.header('connection', 'close')
    const isBusy = isLimited && flying >= limits.maxConcurrent
    const counts = isLimited && !isBusy
    if (counts) metrics.inFlight(++flying)
    reply.raw.once('close', () => {
      if (counts) metrics.inFlight(--flying)
      const status = reply.raw.writableFinished ? reply.raw.statusCode : 499
      metrics.answered(url, status, (performance.now() - request.started) / 1000)
    })
    if (isAllowed !== undefined && !isOpen && !isAllowed(request.headers.authorization)) {
      reply.header('www-authenticate', 'Bearer')
      next(new Refusal(401, 'UNAUTHORIZED', 'missing or invalid bearer token'))
    } else if (isBusy) {
      reply.header('retry-after', '1')
      next(new Refusal(503, 'BUSY', `${limits.maxConcurrent} predictions are under way`))
    } else next()
  })
}

function answerErrors(app: FastifyInstance, { metrics, failed }: HttpParts): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal.code === 'INTERNAL') failed(request.id, error)
    metrics.refused(refusal.problems.map(({ field }) => field))
    void reply.code(refusal.status).send(bodyOf(refusal, request.id))
  })
  app.setNotFoundHandler((request) => {
    throw new Refusal(
      404,
      'NOT_FOUND',
      `there is no ${request.method} ${request.url.slice(0, 200)}`,
    )
  })
}

const NO_JSON = 'the body is not sent as JSON: add the header content-type: application/json'

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { statusCode: status = 500 } = error as { readonly statusCode?: number }
  const message = messageOf(error)
  if (status === 413) return new Refusal(413, 'BODY_TOO_LARGE', message)
  if (status === 415) return new Refusal(415, 'UNSUPPORTED_MEDIA_TYPE', NO_JSON)
  if (status >= 400 && status < 500) return new Refusal(status, 'INVALID_REQUEST', message)
  return new Refusal(500, 'INTERNAL', 'the server failed')
}

function addHealth(app: FastifyInstance, { current, isDraining, version }: HttpParts): void {
  const isOpen = { config: { isOpen: true } }
  app.get('/v2/health/live', isOpen, () => ({ live: true }))
  app.get('/v2/health/ready', isOpen, (_, reply) => {
    if (isDraining()) void reply.code(503)
    return { ready: !isDraining() }
  })
  app.get('/v2', () => ({ name: 'stepwell', version, extensions: [] }))
  eachPath('', (path) =>
    app.get(path, (request) => {
      const { model, version: id, schema } = asked(request, current())
      return { name: model, versions: [id], platform: 'stepwell', ...metadataOf(schema), schema }
    }),
  )
  eachPath('/ready', (path) =>
    app.get(path, (request, reply) => {
      const { model } = asked(request, current())
      if (isDraining()) void reply.code(503)
      return { name: model, ready: !isDraining() }
    }),
  )
}

function addPredictions(app: FastifyInstance, parts: HttpParts): void {
  const { current, limits, keep, predicted, refused } = parts
  const isLimited = { config: { isLimited: true } }
  const answer = <T>(
    request: FastifyRequest,
    by: ReadyModel,
    rows: readonly unknown[],
    say: (predictions: Predictions) => T,
  ): T | Promise<T> => {
    const served = (): ServedRequest => ({
      request: request.id,
      elapsed: performance.now() - request.started,
      by,
      rows,
    })
    const finish = (predictions: Predictions): T => {
      predicted(served(), predictions)
      return say(predictions)
    }
    try {
      const found = predictRows(by, rows, limits.maxRows)
      return found instanceof Promise ? found.then(finish) : finish(found)
    } catch (error) {
      if (error instanceof Refusal && error.problems.length > 0) refused(served(), error.problems)
      throw error
    }
  }
  app.post('/predict', isLimited, (request) => {
    const { body } = request
    const isList = Array.isArray(body)
    return answer(request, current(), isList ? body : [body], ({ by, values }) => {
      const rest = { model: by.model, version: by.version, request: request.id }
      return isList ? { predictions: values, ...rest } : { prediction: values[0], ...rest }
    })
  })
  eachPath('/infer', (path) =>
    app.post(path, isLimited, (request) => {
      const by = asked(request, current())
      const rows = rowsOf(by.schema, request.body, keep)
      return answer(request, by, rows, ({ values }) => {
        const { id = request.id } = request.body as { readonly id?: string }
        const outputs = [tensorOf(by.schema, values)]
        return { model_name: by.model, model_version: by.version, id, outputs }
      })
    }),
  )
}

function eachPath(end: string, add: (path: string) => unknown): void {
  add(`/v2/models/:model${end}`)
  add(`/v2/models/:model/versions/:version${end}`)
}

/** The model that a path names: there is one version of one model at a time. */
function asked({ params }: FastifyRequest, current: ReadyModel): ReadyModel {
  const { model, version = current.version } = params as { model: string; version?: string }
  if (model === current.model && version === current.version) return current
  const facts = `this is ${current.model}, version ${current.version}`
  throw new Refusal(404, 'NOT_FOUND', `there is no such model or version here; ${facts}`)
}
