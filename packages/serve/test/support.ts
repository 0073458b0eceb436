import { moveAlias, registerVersion } from '@stepwell/registry'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { serveModel, type ModelServer, type ServeOptions } from '../src/index.ts'

/** An empty folder that is gone after the test. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-serve-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A registered line through the origin: its predictions tell which version it is. */
export function line(dir: string, slope: number): string {
  const model = { kind: 'linear', features: ['x', 'kind'], target: 'y', rows: 9 }
  const schema = {
    inputs: [
      { name: 'x', type: 'number', min: -1000, max: 1000, seen: { min: 0, max: 10 } },
      { name: 'kind', type: 'integer', values: [0, 1, 2] },
    ],
    output: { name: 'y', type: 'number' },
  } as const
  const formula = { ...model, intercept: 0, coefficients: [slope, 0] }
  return registerVersion(dir, { name: 'line', model: formula, schema }, 'test')
}

export function promote(dir: string, version: string): void {
  moveAlias(dir, { model: 'line', alias: 'champion', version, action: 'promote', by: 'test' })
}

/** A server of a champion with the slope 1, which ends with the test. */
export async function started(
  options: Partial<ServeOptions> = {},
): Promise<{ dir: string; version: string; server: ModelServer }> {
  const dir = options.dir ?? folder()
  const version = line(dir, 1)
  promote(dir, version)
  const server = await serveModel({ dir, model: 'line', port: 0, ...options })
  let isClosed = false
  const close = async (): Promise<void> => {
    if (!isClosed) await server.close()
    isClosed = true
  }
  onTestFinished(close)
  const { url, model, alias } = server
  const proxy = { url, model, alias, close, version }
  return {
    dir,
    version,
    server: Object.defineProperty(proxy, 'version', { get: () => server.version }),
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly body: Record<string, unknown>
}

/** Sends a request by hand, so that nothing of it is mended or tried again. */
export async function send(
  url: string,
  options: {
    readonly method?: string
    readonly headers?: Record<string, string>
    readonly body?: string | Buffer
    readonly agent?: Agent
  } = {},
): Promise<Answer> {
  const { body, agent, method = body === undefined ? 'GET' : 'POST', headers } = options
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return await new Promise((done, fail) => {
    const sent = request(
      url,
      { method, headers: { ...json, ...headers }, agent: agent ?? false },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.on('error', fail)
        response.on('end', () => {
          const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : {}
          done({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            body: parsed as Record<string, unknown>,
          })
        })
      },
    )
    sent.on('error', fail)
    sent.end(body)
  })
}

export async function post(url: string, value: unknown, agent?: Agent): Promise<Answer> {
  return await send(url, { body: JSON.stringify(value), ...(agent !== undefined && { agent }) })
}
