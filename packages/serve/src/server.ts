import { MOST_TIMER } from '@stepwell/base/delay'
import { StepwellError } from '@stepwell/engine/author'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Server as NetServer, type AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { sizeOf, timeOf, type Size, type Time } from '@stepwell/base/quantity'
import { createHttp, type HttpLimits } from './http.ts'
import { LiveModel } from './live-model.ts'
import { predictionLines, refusalLines } from './log-lines.ts'
import { messageOf } from '@stepwell/base/errors'
import { createMetrics } from './metrics.ts'
import { PredictionLog } from './prediction-log.ts'

export interface ServeOptions {
  /** The registry's folder, absolute. */
  readonly dir: string
  /** `bikes`, which is `bikes@champion`; `bikes@challenger`; or `bikes@<version>`. */
  readonly model: string
  /** @default '127.0.0.1', which no other machine can reach */
  readonly host?: string | undefined
  /** 0: any that is free. @default 8080 */
  readonly port?: number | undefined
  /** What requests must have as a bearer token, those for health excepted. @default none */
  readonly token?: string | undefined
  /** Where predictions are logged. @default they are not */
  readonly log?: LogOptions | undefined
  /**
   * Members of a row that the model does not read and that the log is to have, such as a customer's number:
   * texts of at most 256 characters, numbers, booleans and `null`.
   * @default none
   */
  readonly keep?: readonly string[] | undefined
  /** The largest body of a request. @default '1 MiB' */
  readonly bodyLimit?: Size | undefined
  /** The most rows in one request. @default 10 000 */
  readonly maxRows?: number | undefined
  /** Requests that are answered at once; beyond them, clients are told to come again. @default 100 */
  readonly maxConcurrent?: number | undefined
  /** How long a request may take to arrive. @default '10 s' */
  readonly requestTimeout?: Time | undefined
  /** How long requests under way may take once the server is closed. @default '10 s' */
  readonly drainTimeout?: Time | undefined
  /** Called with what an operator should know: moves of the alias, failures. @default not called */
  readonly tell?: (text: string) => void
}

export interface LogOptions {
  readonly folder: string
  /** A file of this size is complete, and followed by a new one. @default '64 MB' */
  readonly maxBytes?: Size | undefined
  /** A file of this age is complete, and followed by a new one. @default '10 min' */
  readonly maxAge?: Time | undefined
  /** Older files are removed, so that no more than this stays. @default '1 GB' */
  readonly maxTotal?: Size | undefined
}

/** A server that listens. */
export interface ModelServer {
  readonly url: string
  /** The model and the version that answers now. */
  readonly model: string
  readonly version: string
  /** The alias that it follows, if it does. */
  readonly alias: string | undefined
  /** Takes no new connections, answers what is under way, writes the log to its end. */
  close(): Promise<void>
}

// A client that has sent a request just now is answered; one that keeps a connection for later is not.
const IDLE_GRACE = 1000

/**
 * Serves a registered model over HTTP, and follows its alias.
 *
 * @throws StepwellError STEPWELL_SERVE_LISTEN; STEPWELL_SERVE_LOG; and those of `LiveModel`.
 */
export async function serveModel(options: ServeOptions): Promise<ModelServer> {
  const { dir, host = '127.0.0.1', port = 8080, token, tell = () => {} } = options
  const { keep = [] } = options
  const limits = limitsOf(options)
  const drainTimeout = timeOf(options.drainTimeout ?? '10 s', option('drainTimeout'))
  const live = await LiveModel.open(dir, options.model)
  const metrics = createMetrics(live.current.model)
  metrics.serving(live.current.version)
  live.follow({
    switched: ({ version }) => {
      metrics.serving(version)
      tell(`version ${version} answers now`)
    },
    failed: (why) => tell(`version ${live.current.version} goes on: ${why}`),
  })
  let isDraining = false
  let log: PredictionLog | undefined
  try {
    log = openLog(options, (text) => tell(text), metrics.logged)
    const http = createHttp({
      current: () => live.current,
      isDraining: () => isDraining,
      metrics,
      token,
      limits,
      version: ownVersion(),
      failed: (request, error) => tell(`request ${request} failed: ${messageOf(error)}`),
      keep,
      predicted: (served, predictions) => {
        metrics.predicted(served.by.version, served.rows.length, predictions.beyond)
        log?.add(predictionLines(served, predictions, keep))
      },
      refused: (served, problems) => log?.add(refusalLines(served, problems, keep)),
    })
    try {
      await http.listen({ host, port })
    } catch (error) {
      throw cannotListen(host, port, error)
    }
    const { server } = http
    const { port: bound } = server.address() as AddressInfo
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
      model: live.current.model,
      get version() {
        return live.current.version
      },
      alias: live.alias,
      close: async () => {
        isDraining = true
        const closed = once(server, 'close')
        // Unlike the server's own `close`, this one leaves connections alone that seem to be idle: a request
        // may be on its way.
        NetServer.prototype.close.call(server)
        const deadline = AbortSignal.timeout(Math.min(drainTimeout, MOST_TIMER))
        deadline.addEventListener('abort', () => server.closeAllConnections())
        await Promise.race([
          closed,
          wait(Math.min(IDLE_GRACE, drainTimeout), undefined, { ref: false }),
        ])
        server.closeIdleConnections()
        await closed
        await http.close()
        await live.close()
        await log?.close()
      },
    }
  } catch (error) {
    await live.close()
    await log?.close()
    throw error
  }
}

function openLog(
  { log }: ServeOptions,
  tell: (text: string) => void,
  counted: (written: number, dropped: number) => void,
): PredictionLog | undefined {
  if (log === undefined) return undefined
  const { folder } = log
  const maxBytes = sizeOf(log.maxBytes ?? '64 MB', option('log.maxBytes'))
  const maxAge = timeOf(log.maxAge ?? '10 min', option('log.maxAge'))
  const maxTotal = sizeOf(log.maxTotal ?? '1 GB', option('log.maxTotal'))
  const failed = (why: string): void => tell(`lines are missing in the log of predictions: ${why}`)
  try {
    return new PredictionLog({ folder, maxBytes, maxAge, maxTotal, failed, counted })
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_SERVE_LOG',
      summary: `the log of predictions cannot be kept in ${folder}`,
      details: messageOf(cause),
      hint: 'name another folder with --log, or leave it out with --no-log',
      cause,
    })
  }
}

function limitsOf(options: ServeOptions): HttpLimits {
  return {
    bodyLimit: sizeOf(options.bodyLimit ?? '1 MiB', option('bodyLimit')),
    maxRows: options.maxRows ?? 10_000,
    maxConcurrent: options.maxConcurrent ?? 100,
    requestTimeout: timeOf(options.requestTimeout ?? '10 s', option('requestTimeout')),
  }
}

function option(name: string): string {
  return `\`${name}\` of serveModel()`
}

function cannotListen(host: string, port: number, cause: unknown): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SERVE_LISTEN',
    summary: `cannot listen on ${host}, port ${port}`,
    details: messageOf(cause),
    hint: 'choose another one with --port or --host; --port 0 takes any that is free',
    cause,
  })
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
