/** A server for `serve.ts` in a process of its own: `bare`, `model` or `unlogged`, and a folder. */
import { fastify } from 'fastify'
import { join } from 'node:path'
import { moveAlias, registerVersion } from '../packages/registry/src/index.ts'
import { serveModel } from '../packages/serve/src/index.ts'

const FEATURES = ['season', 'mnth', 'hr', 'holiday', 'weekday', 'workingday', 'weathersit', 'temp']
export const ROW = Object.fromEntries(FEATURES.map((name, at) => [name, at / 2]))

function register(dir: string): void {
  const base = { kind: 'linear', features: FEATURES, target: 'cnt', rows: 6916, intercept: 5 }
  const version = registerVersion(
    dir,
    {
      name: 'bikes',
      model: { ...base, coefficients: FEATURES.map((_, at) => at) },
      schema: {
        inputs: FEATURES.map((name) => ({ name, type: 'number', seen: { min: 0, max: 24 } })),
        output: { name: 'cnt', type: 'number' },
      },
    },
    'bench',
  )
  moveAlias(dir, { model: 'bikes', alias: 'champion', version, action: 'promote', by: 'bench' })
}

async function start(kind: string, dir: string): Promise<string> {
  if (kind === 'bare') {
    const app = fastify()
    app.post('/predict', () => ({
      prediction: 42,
      model: 'bikes',
      version: '0123456789abcdef',
      request: '8b9c5b4e-2f3d-4d52-9a43-0c4de7a2a3f1',
    }))
    return await app.listen({ host: '127.0.0.1', port: 0 })
  }
  register(join(dir, 'models'))
  const log = kind === 'model' ? { folder: join(dir, 'predictions') } : undefined
  return (await serveModel({ dir: join(dir, 'models'), model: 'bikes', port: 0, log })).url
}

const [kind, dir = ''] = process.argv.slice(2)
if (kind !== undefined && ['bare', 'model', 'unlogged'].includes(kind)) {
  process.stdout.write(`${await start(kind, dir)}\n`)
}
