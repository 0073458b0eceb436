import { StepwellError } from '@stepwell/engine'
import type { LogOptions } from '@stepwell/serve'
import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { Option } from '../commander.ts'
import { parseBytes, parseCount, parseDuration, parseNames, parsePort } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { messageOf } from '@stepwell/base/errors'
import { onEnding, type Ending } from '../ui/ending.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { registryOf, type ModelOptions } from './registry.ts'
import { print, printJson } from './project.ts'

/** Adds `stepwell serve`. */
export function register({ command, exit }: Cli): void {
  command('serve', 'serve a model over HTTP, and follow its alias')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .option('--dir <folder>', 'the folder of the registry (default: models in the project)')
    .option('--host <address>', 'address to bind (0.0.0.0 for all interfaces)', '127.0.0.1')
    .option('--port <n>', 'the port to bind; 0: any free one', parsePort, 8080)
    .option('--token-env <name>', 'the environment variable with the token that requests need')
    .addOption(new Option('--token-file <file>', 'the file with that token').conflicts('tokenEnv'))
    .option('--log <folder>', 'the folder of the log of predictions (default: predictions/<model>)')
    .option('--no-log', 'do not log predictions')
    .option('--keep <columns>', 'further members of a row to log: a,b; repeatable', parseNames)
    .option(
      '--log-size <size>',
      'the size at which a new file of the log begins (default: 64MB)',
      parseBytes,
    )
    .option(
      '--log-age <time>',
      'the age at which a new file of the log begins (default: 10min)',
      parseDuration,
    )
    .option('--log-total <size>', 'how much of the log to keep (default: 1GB)', parseBytes)
    .option('--body-limit <size>', 'the largest request (default: 1MiB)', parseBytes)
    .option('--max-rows <n>', 'the most rows in one request (default: 10000)', parseCount)
    .option('--concurrency <n>', 'requests at once; more get a 503 (default: 100)', parseCount)
    .option(
      '--timeout <time>',
      'how long a request may take to arrive (default: 10s)',
      parseDuration,
    )
    .option(
      '--drain <time>',
      'how long requests under way may take at the end (default: 10s)',
      parseDuration,
    )
    .option('--json', 'print the address of the server as JSON')
    .action(async (ref: string, options: ServeCommandOptions) => exit(await serve(ref, options)))
}

export interface ServeCommandOptions extends ModelOptions {
  readonly host: string
  readonly port: number
  readonly tokenEnv?: string
  readonly tokenFile?: string
  /** A folder; `false`: no log. */
  readonly log?: string | boolean
  readonly keep?: readonly string[]
  readonly logSize?: number
  /** Milliseconds. */
  readonly logAge?: number
  readonly logTotal?: number
  readonly bodyLimit?: number
  readonly maxRows?: number
  readonly concurrency?: number
  /** Milliseconds. */
  readonly timeout?: number
  /** Milliseconds. */
  readonly drain?: number
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/

/** Serves a model until the process is told to stop. */
export async function serve(ref: string, options: ServeCommandOptions): Promise<ExitCode> {
  const { host, port, timeout, drain, bodyLimit, maxRows, concurrency } = options
  const dir = await registryOf(options)
  const token = tokenOf(options)
  const tell = (text: string): void => void process.stderr.write(`stepwell: ${text}\n`)
  const { serveModel } = await loadServer()
  const log = logOf(options, dir, ref)
  const server = await serveModel({
    dir,
    model: ref,
    host,
    port,
    token,
    tell,
    log,
    keep: options.keep,
    bodyLimit,
    maxRows,
    maxConcurrent: concurrency,
    requestTimeout: timeout,
    drainTimeout: drain,
  })
  const stopped = stopSignal()
  if (token === undefined && !LOOPBACK.test(host)) {
    tell(
      `anybody who reaches ${host} may ask for predictions: --token-env or --token-file closes it`,
    )
  }
  const { url, model, version, alias } = server
  if (options.json) {
    printJson('stepwell.serving/1', {
      url,
      model,
      version,
      ...(alias !== undefined && { alias }),
      ...(log !== undefined && { log: log.folder }),
    })
  } else {
    print(
      `serving ${model}${alias === undefined ? '' : `@${alias}`}, version ${version}, at ${url}`,
    )
    if (log !== undefined) print(`logging predictions to ${relative(process.cwd(), log.folder)}`)
  }
  const signal = await stopped
  tell(`${signal}: requests under way are answered; repeat the signal to stop at once`)
  await server.close()
  return EXIT.ok
}

/** Resolves with the first signal to stop; the next one ends the process. */
async function stopSignal(): Promise<Ending> {
  return await new Promise((done) => {
    let first: Ending | undefined
    onEnding((signal) => {
      // A terminal that is closed may say so more than once.
      if (first !== undefined && signal !== 'SIGHUP') process.exit(EXIT.interrupted)
      first ??= signal
      done(first)
    })
  })
}

function logOf(
  { cwd, log, logSize, logAge, logTotal }: ServeCommandOptions,
  dir: string,
  ref: string,
): LogOptions | undefined {
  if (log === false) return undefined
  const [model = ''] = ref.split('@')
  // Beside the registry. A name that leads elsewhere is refused before the folder is made.
  const folder = typeof log === 'string' ? resolve(cwd, log) : join(dir, '..', 'predictions', model)
  return { folder, maxBytes: logSize, maxAge: logAge, maxTotal: logTotal }
}

function tokenOf({ cwd, tokenEnv, tokenFile }: ServeCommandOptions): string | undefined {
  if (tokenEnv === undefined && tokenFile === undefined) return undefined
  const from = tokenEnv === undefined ? `the file ${tokenFile}` : `the variable ${tokenEnv}`
  let token: string | undefined
  let cause: unknown
  try {
    token =
      tokenEnv === undefined
        ? readFileSync(resolve(cwd, tokenFile ?? ''), 'utf8').trim()
        : process.env[tokenEnv]
  } catch (error) {
    cause = error
  }
  // An empty token would let everybody in.
  if (token !== undefined && token !== '') return token
  throw new StepwellError({
    code: 'STEPWELL_SERVE_TOKEN',
    summary: `there is no token in ${from}`,
    details: cause instanceof Error ? cause.message : 'it is empty or not set',
    hint: 'set it, or leave the option out to serve without one',
    cause,
  })
}

/** The server is a package of its own: most projects that train models do not serve them. */
async function loadServer(): Promise<typeof import('@stepwell/serve')> {
  try {
    return await import('@stepwell/serve')
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_SERVE_MISSING',
      summary: 'the package @stepwell/serve cannot be loaded',
      details: messageOf(cause),
      hint: 'install it: npm install @stepwell/serve',
      cause,
    })
  }
}
