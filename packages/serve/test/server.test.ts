import {
  latestMove,
  moveAlias,
  readPredictions,
  readServed,
  registerVersion,
} from '@stepwell/registry'
import fc from 'fast-check'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { thisProcess } from '@stepwell/base/process'
import { expect, onTestFinished, test } from 'vitest'
import { serveModel } from '../src/index.ts'
import { folder, line, post, promote, send, started } from './support.ts'

const ROW = { x: 3, kind: 1 }

test('predicts a row and a list of rows, and says by which version', async () => {
  const { server, version } = await started()
  const one = await post(`${server.url}/predict`, { ...ROW, note: 'not a feature' })
  expect(one.status).toBe(200)
  expect(one.body).toMatchObject({ prediction: 3, model: 'line', version })
  expect(one.body['request']).toBe(one.headers['x-request-id'])
  const many = await post(`${server.url}/predict`, [ROW, { x: 4, kind: 0 }])
  expect(many.body).toMatchObject({ predictions: [3, 4], version })
})

test('speaks the Open Inference Protocol', async () => {
  const { server, version } = await started()
  const at = async (path: string) => await send(server.url + path)
  expect((await at('/v2/health/live')).body).toEqual({ live: true })
  expect((await at('/v2/health/ready')).body).toEqual({ ready: true })
  expect((await at('/v2')).body).toMatchObject({ name: 'stepwell', extensions: [] })
  expect((await at('/v2/models/line')).body).toMatchObject({
    name: 'line',
    versions: [version],
    inputs: [
      { name: 'x', datatype: 'FP64', shape: [-1] },
      { name: 'kind', datatype: 'INT64', shape: [-1] },
    ],
    outputs: [{ name: 'y', datatype: 'FP64', shape: [-1] }],
  })
  expect((await at(`/v2/models/line/versions/${version}/ready`)).body).toMatchObject({
    ready: true,
  })
  for (const path of ['/v2/models/curve', '/v2/models/line/versions/1', '/', '/predict']) {
    expect(await at(path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  }
  const infer = async (body: unknown) => await post(`${server.url}/v2/models/line/infer`, body)
  const tensor = (name: string, data: unknown, shape = [2]) => ({
    name,
    shape,
    datatype: name === 'x' ? 'FP32' : 'INT64',
    data,
  })
  const inputs = [tensor('x', [[3], [4]], [2, 1]), tensor('kind', [1, 0])]
  expect(await infer({ id: 'mine', inputs })).toMatchObject({
    status: 200,
    body: {
      model_name: 'line',
      model_version: version,
      id: 'mine',
      outputs: [{ name: 'y', shape: [2], datatype: 'FP64', data: [3, 4] }],
    },
  })
  for (const bad of [
    {},
    { inputs: {} },
    { inputs: [null] },
    { inputs: [tensor('x', [3])] },
    { inputs: [tensor('x', [3], [1]), tensor('kind', [1, 0])] },
    { inputs: [tensor('x', [3, 4]), tensor('x', [3, 4])] },
    { inputs: [tensor('constructor', [3, 4])] },
    { inputs: [tensor('x', [3, 4], [1, 2])] },
    { inputs: [{ ...tensor('x', ['3', '4']), datatype: 'BYTES' }] },
    { inputs, outputs: [{ name: 'z' }] },
  ]) {
    expect(await infer(bad)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
  }
  expect(await infer({ inputs: [tensor('x', [3, 4])] })).toMatchObject({
    status: 400,
    body: { code: 'INVALID_INPUT', fields: [{ row: 0, field: 'kind', code: 'missing' }, {}] },
  })
})

test('a number that would be read as another one is refused by its place', async () => {
  const { server } = await started()
  const ask = async (body: string) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${server.url}/predict`, { method: 'POST', headers, body })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  for (const [number, path] of [
    ['9007199254740993', '[0].x'],
    ['1e400', '[0].x'],
  ]) {
    const { status, body } = await ask(`[{"x":${number},"kind":1}]`)
    expect([status, body['code']]).toEqual([400, 'INVALID_REQUEST'])
    expect(body['error']).toContain(`${path} is ${number}`)
  }
  // One that is read as it is, is judged by the schema.
  expect((await ask('[{"x":9007199254740992,"kind":1}]')).body['code']).toBe('INVALID_INPUT')
  expect((await ask('{"__proto__":{"x":3},"kind":1}')).status).toBe(400)
  expect((await ask('')).status).toBe(400)
})

test('says of each field what is wrong with it', async () => {
  const { server } = await started()
  const rows = [
    ROW,
    { kind: 1.5 },
    7,
    { x: '3', kind: null },
    { x: 1001, kind: 3 },
    { x: -1001, kind: 0 },
  ]
  const { status, body } = await post(`${server.url}/predict`, rows)
  expect(status).toBe(400)
  expect(body['code']).toBe('INVALID_INPUT')
  expect(body['error']).toBe('row 1, "x" is missing, and 7 more')
  expect(body['fields']).toEqual([
    { row: 1, field: 'x', code: 'missing', message: 'is missing' },
    { row: 1, field: 'kind', code: 'type', message: 'must be a whole number' },
    { row: 2, field: null, code: 'type', message: 'must be an object' },
    { row: 3, field: 'x', code: 'type', message: 'must be a number' },
    { row: 3, field: 'kind', code: 'missing', message: 'is missing' },
    { row: 4, field: 'x', code: 'range', message: 'must be at most 1000' },
    { row: 4, field: 'kind', code: 'value', message: 'must be one of 0, 1, 2' },
    { row: 5, field: 'x', code: 'range', message: 'must be at least -1000' },
  ])
  const many = await post(
    `${server.url}/predict`,
    Array.from({ length: 150 }, () => ({})),
  )
  expect(many.body['fields']).toHaveLength(100)
  expect(many.body['more']).toBe(200)
})

test('1,000 malformed bodies get each an answer that a program can read, and the server goes on', async () => {
  const { server } = await started()
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const types = ['application/json', 'text/plain', 'application/xml', 'application/json; charset=x']
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => text.slice(0, -1)),
    fc.constantFrom(
      '{"__proto__":{"x":1}}',
      '{"constructor":{"prototype":{}}}',
      '{"x":1e999,"kind":1}',
      '{"x":3,"kind":1,"x":"y"}',
      '['.repeat(5000),
      '[]',
      '',
    ),
    fc.record({ x: fc.anything(), kind: fc.anything() }).map((row) => {
      try {
        return JSON.stringify({ ...row, kind: null })
      } catch {
        return '{}'
      }
    }),
  )
  const paths = fc.constantFrom('/predict', '/v2/models/line/infer')
  const answered = fc.asyncProperty(
    body,
    fc.constantFrom(...types),
    paths,
    async (text, type, path) => {
      const answer = await send(server.url + path, {
        method: 'POST',
        body: text,
        headers: { 'content-type': type },
        agent,
      })
      expect([400, 413, 415]).toContain(answer.status)
      expect(answer.body).toMatchObject({ error: expect.any(String), code: expect.any(String) })
      expect(answer.body['request']).toBe(answer.headers['x-request-id'])
    },
  )
  await fc.assert(answered, { numRuns: 1000 })
  expect((await post(`${server.url}/predict`, ROW, agent)).status).toBe(200)
})

test('says how to send what is not sent as JSON', async () => {
  const { server } = await started()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { status, body } = await send(`${server.url}/predict`, { body: '{}', headers })
  expect([status, body['code']]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  expect(body['error']).toContain('add the header content-type: application/json')
})

test('refuses bodies that are too large, with and without a length, and too many rows', async () => {
  const { server } = await started({ bodyLimit: 1000, maxRows: 3 })
  const large = JSON.stringify({ ...ROW, note: 'n'.repeat(2000) })
  const url = `${server.url}/predict`
  const tooLarge = { status: 413, body: { code: 'BODY_TOO_LARGE' } }
  expect(await send(url, { body: large })).toMatchObject(tooLarge)
  const chunked = { 'transfer-encoding': 'chunked' }
  expect(await send(url, { body: large, headers: chunked })).toMatchObject(tooLarge)
  expect(await post(url, [ROW, ROW, ROW, ROW])).toMatchObject(tooLarge)
  expect((await post(url, [ROW, ROW, ROW])).status).toBe(200)
})

test('asks for the token in all but health, and takes no other', async () => {
  const { server } = await started({ token: 's3cret' })
  const ask = async (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization }
    return (await send(server.url + path, { headers })).status
  }
  expect(await ask('/v2/health/live')).toBe(200)
  expect(await ask('/v2/health/ready')).toBe(200)
  for (const path of ['/metrics', '/v2', '/v2/models/line', '/none']) {
    expect(await ask(path)).toBe(401)
    for (const wrong of ['Bearer ', 'Bearer s3cre', 'Bearer s3crets', 's3cret', 'Basic s3cret']) {
      expect(await ask(path, wrong)).toBe(401)
    }
    expect(await ask(path, 'Bearer s3cret')).toBe(path === '/none' ? 404 : 200)
  }
  const answer = await post(`${server.url}/predict`, ROW)
  expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
})

/** A client that has sent the head of a request and a part of its body. */
async function slowClient(
  url: string,
): Promise<{ socket: ReturnType<typeof connect>; finish: () => Promise<string> }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const body = JSON.stringify(ROW)
  socket.write(
    `POST /predict HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.slice(0, 3)}`,
  )
  return {
    socket,
    finish: async () => {
      socket.write(body.slice(3))
      await once(socket, 'close')
      return text
    },
  }
}

async function inFlight(url: string): Promise<number> {
  const { text } = await send(`${url}/metrics`)
  return Number(/^stepwell_requests_in_flight\S* (\d+)$/m.exec(text)?.[1])
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}

test('answers 503 beyond the limit of requests at once, and 200 again when there is room', async () => {
  const { server } = await started({ maxConcurrent: 2 })
  const slow = [await slowClient(server.url), await slowClient(server.url)]
  await until(async () => (await inFlight(server.url)) === 2)
  const busy = await post(`${server.url}/predict`, ROW)
  expect(busy).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { code: 'BUSY' },
  })
  expect((await send(`${server.url}/v2/health/ready`)).status).toBe(200)
  slow[0]?.socket.destroy()
  await until(async () => (await inFlight(server.url)) === 1)
  expect((await post(`${server.url}/predict`, ROW)).status).toBe(200)
  expect(await slow[1]?.finish()).toMatch(/^HTTP\/1.1 200 [^]*"prediction":3/)
})

test('gives up on clients that do not send their request in time', async () => {
  const { server } = await started({ requestTimeout: 1000 })
  const { socket } = await slowClient(server.url)
  await once(socket, 'close')
  await until(async () => (await inFlight(server.url)) === 0)
  expect((await post(`${server.url}/predict`, ROW)).status).toBe(200)
})

test('100 moves of the alias under load: every request is answered, by one version, and by the new one after', async () => {
  const { dir, server, version } = await started({ tell: (text) => told.push(text) })
  const told: string[] = []
  const versions = [version, ...[2, 3, 4].map((slope) => line(dir, slope))]
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  onTestFinished(() => agent.destroy())
  const over = new AbortController()
  let answered = 0
  const seen = new Set<unknown>()
  const load = Array.from({ length: 8 }, async () => {
    while (!over.signal.aborted) {
      const { status, body } = await post(`${server.url}/predict`, ROW, agent)
      expect(status).toBe(200)
      // The prediction is that of the version that the answer names.
      expect(body['prediction']).toBe(3 * (versions.indexOf(String(body['version'])) + 1))
      seen.add(body['version'])
      answered++
    }
  })
  for (let move = 1; move <= 100; move++) {
    const to = versions[move % versions.length] ?? ''
    promote(dir, to)
    await until(async () => (await send(`${server.url}/v2/models/line`)).text.includes(to))
    expect((await post(`${server.url}/predict`, ROW, agent)).body['version']).toBe(to)
  }
  over.abort()
  await Promise.all(load)
  expect(answered).toBeGreaterThan(100)
  expect(seen.size).toBe(4)
  expect(told).toHaveLength(100)
})

test('goes on with the version that it has when it cannot follow, and follows again', async () => {
  const told: string[] = []
  const { dir, server, version } = await started({ tell: (text) => told.push(text) })
  const other = line(dir, 2)
  const damaged = line(dir, 3)
  writeFileSync(join(dir, 'line/versions', damaged, 'model.json'), '{}')
  promote(dir, damaged)
  await until(
    async () => (await send(`${server.url}/v2/health/live`)).status === 200 && told.length === 1,
  )
  expect(told[0]).toContain(`version ${version} goes on`)
  expect((await post(`${server.url}/predict`, ROW)).body).toMatchObject({ prediction: 3, version })
  moveAlias(dir, { model: 'line', alias: 'champion', version: null, action: 'remove', by: 'test' })
  await until(
    async () => (await send(`${server.url}/v2/health/live`)).status === 200 && told.length === 2,
  )
  promote(dir, other)
  await until(async () => (await send(`${server.url}/v2/models/line`)).text.includes(other))
  expect((await post(`${server.url}/predict`, ROW)).body).toMatchObject({ prediction: 6 })
  expect(told[2]).toBe(`version ${other} answers now`)
})

test('a model that fails is the fault of the server, and the operator is told', async () => {
  const told: string[] = []
  const { dir, server } = await started({ tell: (text) => told.push(text) })
  // Its schema leaves out a feature that it needs, and allows what has no prediction.
  const inputs = [{ name: 'x', type: 'number' }] as const
  const schema = { inputs, output: { name: 'y', type: 'number' } } as const
  const base = { kind: 'linear', target: 'y', rows: 9, intercept: 0 }
  const put = async (model: object): Promise<void> => {
    const id = registerVersion(dir, { name: 'line', model: { ...base, ...model }, schema }, 'test')
    promote(dir, id)
    await until(async () => (await send(`${server.url}/v2/models/line`)).text.includes(id))
  }
  await put({ features: ['x', 'z'], coefficients: [1, 1] })
  const failed = await post(`${server.url}/predict`, ROW)
  expect(failed).toMatchObject({ status: 500, body: { code: 'INTERNAL' } })
  expect(failed.text).not.toContain('column')
  expect(told.at(-1)).toContain(`request ${String(failed.body['request'])} failed: no column "z"`)
  await put({ kind: 'exponential', features: ['x'], coefficients: [1] })
  expect(await post(`${server.url}/predict`, { x: 1000 })).toMatchObject({
    status: 422,
    body: { code: 'NOT_FINITE' },
  })
})

test('a version that was asked for by its id stays', async () => {
  const dir = folder()
  const [one, two] = [line(dir, 1), line(dir, 2)]
  promote(dir, two)
  const server = await serveModel({ dir, model: `line@${one}`, port: 0 })
  onTestFinished(() => server.close())
  promote(dir, one)
  promote(dir, two)
  expect((await post(`${server.url}/predict`, ROW)).body).toMatchObject({ prediction: 3 })
  expect(server.alias).toBeUndefined()
})

test('closing under load answers what was sent, and then no more', async () => {
  const { server } = await started()
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  onTestFinished(() => agent.destroy())
  let answered = 0
  const refused: unknown[] = []
  const load = Array.from({ length: 16 }, async () => {
    while (refused.length === 0) {
      try {
        expect((await post(`${server.url}/predict`, ROW, agent)).status).toBe(200)
        answered++
      } catch (error) {
        refused.push((error as NodeJS.ErrnoException).code)
      }
    }
  })
  await until(async () => await Promise.resolve(answered > 200))
  const slow = await slowClient(server.url)
  await until(async () => (await inFlight(server.url)) > 0)
  const closed = server.close()
  await Promise.all(load)
  expect(await slow.finish()).toMatch(/^HTTP\/1.1 200 /)
  await closed
  // A new connection is refused; none that was open is cut off.
  expect(new Set(refused)).toEqual(new Set(['ECONNREFUSED']))
})

test('logs each prediction with its features, version and request', async () => {
  const log = { folder: join(folder(), 'log') }
  const { dir, server, version } = await started({ log })
  const headers = { 'x-request-id': 'mine-1' }
  await send(`${server.url}/predict`, {
    body: JSON.stringify([
      { ...ROW, note: 1 },
      { x: 11, kind: 0 },
    ]),
    headers,
  })
  const forged = await send(`${server.url}/predict`, {
    body: JSON.stringify(ROW),
    headers: { 'x-request-id': 'a b"' },
  })
  await post(`${server.url}/predict`, { x: 'not logged' })
  const other = line(dir, 2)
  promote(dir, other)
  await until(async () => (await send(`${server.url}/v2/models/line`)).text.includes(other))
  await post(`${server.url}/predict`, ROW)
  await server.close()
  const lines = [...readPredictions(log.folder)]
  expect(lines).toMatchObject([
    { request: 'mine-1', row: 0, model: 'line', version, features: ROW, prediction: 3 },
    { request: 'mine-1', row: 1, features: { x: 11, kind: 0 }, prediction: 11, beyond: ['x'] },
    { request: forged.body['request'], row: 0 },
    { row: 0, version: other, prediction: 6 },
  ])
  expect(lines[0]).not.toHaveProperty('beyond')
  expect(lines[2]?.request).toMatch(/^[0-9a-f-]{36}$/)
  for (const { at, ms } of lines) {
    expect(Number.isInteger(at)).toBe(true)
    expect(ms).toBeGreaterThan(0)
  }
})

test('logs why rows were refused, and nothing of what was in them', async () => {
  const log = { folder: folder() }
  const { server, version } = await started({ log })
  const request = 'mine-2'
  await send(`${server.url}/predict`, {
    body: JSON.stringify([ROW, { x: '3', kind: 7 }, 7, { x: -1001 }]),
    headers: { 'x-request-id': request },
  })
  await post(`${server.url}/predict`, [])
  await post(`${server.url}/predict`, ROW)
  await server.close()
  const lines = [...readServed(log.folder)]
  const of = { at: expect.any(Number) as number, request, model: 'line', version }
  expect(lines.slice(0, 3)).toEqual([
    { ...of, row: 1, refused: { x: 'type', kind: 'value' } },
    { ...of, row: 2, refused: { '': 'type' } },
    { ...of, row: 3, refused: { x: 'range', kind: 'missing' } },
  ])
  expect(lines.slice(3)).toEqual([...readPredictions(log.folder)])
  expect(lines).toHaveLength(4)
})

test('keeps what it was told to keep of rows that were answered and refused', async () => {
  const log = { folder: folder() }
  const { server } = await started({ log, keep: ['time', 'paid', 'x', 'constructor'] })
  const long = 'a'.repeat(257)
  const rows = [
    { ...ROW, time: 'now', paid: null, note: 1 },
    { ...ROW, x: 4, time: long.slice(1), paid: false },
    { ...ROW, x: 5, time: long, paid: [1] },
  ]
  expect((await post(`${server.url}/predict`, rows)).body['predictions']).toEqual([3, 4, 5])
  await send(`${server.url}/predict`, { body: '{"kind":1,"time":[1e99]}' })
  await post(`${server.url}/predict`, { kind: 1, constructor: 2 })
  const tensor = (name: string, datatype: string, data: unknown) => ({
    name,
    datatype,
    shape: [1],
    data,
  })
  const inputs = [tensor('x', 'FP64', [6]), tensor('kind', 'INT64', [0])]
  const infer = async (...more: object[]) =>
    await post(`${server.url}/v2/models/line/infer`, { inputs: [...inputs, ...more] })
  expect((await infer(tensor('time', 'BYTES', ['then']))).status).toBe(200)
  expect((await infer(tensor('note', 'BYTES', ['then']))).body['code']).toBe('INVALID_REQUEST')
  await server.close()
  expect([...readServed(log.folder)].map(({ kept }) => kept)).toEqual([
    { time: 'now', paid: null, x: 3 },
    { time: long.slice(1), paid: false, x: 4 },
    { x: 5 },
    undefined,
    { ['constructor' as string]: 2 },
    { time: 'then', x: 6 },
  ])
})

test('rotates the log by size, loses no line by it, and keeps the newest files', async () => {
  const log = { folder: folder(), maxBytes: 2000 }
  const { server } = await started({ log })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  for (let at = 0; at < 50; at++) {
    const rows = Array.from({ length: 10 }, (_, row) => ({ x: at * 10 + row, kind: 0 }))
    expect((await post(`${server.url}/predict`, rows, agent)).status).toBe(200)
  }
  await server.close()
  expect([...readPredictions(log.folder)].map(({ features }) => features['x'])).toEqual(
    Array.from({ length: 500 }, (_, x) => x),
  )
  expect(readdirSync(log.folder).length).toBeGreaterThan(20)

  const few = { folder: folder(), maxBytes: 500, maxTotal: 2000 }
  const other = await started({ log: few })
  await post(
    `${other.server.url}/predict`,
    Array.from({ length: 50 }, (_, x) => ({ x, kind: 0 })),
  )
  await other.server.close()
  const sizes = readdirSync(few.folder).map((name) => statSync(join(few.folder, name)).size)
  expect(sizes.length).toBeGreaterThan(1)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2500)
  expect([...readPredictions(few.folder)].at(-1)?.features['x']).toBe(49)
})

test('a file of the log is complete after a while, and never changes from then on', async () => {
  const log = { folder: folder(), maxAge: 1 }
  const { server } = await started({ log })
  await post(`${server.url}/predict`, ROW)
  await until(() => readdirSync(log.folder).some((name) => name.endsWith('.ndjson')))
  const name = readdirSync(log.folder).find((each) => each.endsWith('.ndjson')) ?? ''
  const text = readFileSync(join(log.folder, name), 'utf8')
  await post(`${server.url}/predict`, ROW)
  await server.close()
  expect(readdirSync(log.folder)).toHaveLength(2)
  expect(readdirSync(log.folder).every((each) => each.endsWith('.ndjson'))).toBe(true)
  expect(readFileSync(join(log.folder, name), 'utf8')).toBe(text)
  expect([...readPredictions(log.folder)]).toHaveLength(2)
})

test('what a killed server left open is complete; what another one writes is not', async () => {
  const log = { folder: folder() }
  const first = await started({ log })
  await post(`${first.server.url}/predict`, ROW)
  await until(() => [...readPredictions(log.folder)].length === 1)
  const [own = '', owner = ''] = readdirSync(log.folder).toSorted()
  expect(own).toMatch(/\.ndjson\.open$/)
  expect(owner).toBe(own.replace('.open', '.owner'))
  const child = spawn(process.execPath, ['--version'])
  await once(child, 'close')
  const left = `20200101T000000000Z-${child.pid}-000000.ndjson`
  writeFileSync(join(log.folder, `${left}.open`), '{"at":1,"request":"a"}\n{"at":')
  // Its process id was given to another process, which lives.
  const again = `20200101T000000000Z-${process.pid}-000001.ndjson`
  writeFileSync(join(log.folder, `${again}.open`), '{"at":2,"request":"b"}\n')
  const gone = { ...thisProcess(), started: thisProcess().started && 'another boot 1 1' }
  writeFileSync(join(log.folder, `${again}.owner`), JSON.stringify(gone))
  const second = await started({ log })
  expect(readdirSync(log.folder).toSorted()).toEqual([left, again, own, owner].toSorted())
  await second.server.close()
  await first.server.close()
  expect([...readPredictions(log.folder)]).toHaveLength(3)
  expect(readdirSync(log.folder).every((name) => name.endsWith('.ndjson'))).toBe(true)
})

test('a log that cannot be written is told, counted, and no reason to refuse an answer', async () => {
  const told: string[] = []
  const log = { folder: join(folder(), 'log') }
  const { server } = await started({ log, tell: (text) => told.push(text) })
  rmSync(log.folder, { recursive: true })
  writeFileSync(log.folder, '')
  expect((await post(`${server.url}/predict`, ROW)).status).toBe(200)
  await until(async () =>
    /log_dropped_total\S* 1$/m.test((await send(`${server.url}/metrics`)).text),
  )
  expect(told).toEqual([expect.stringMatching(/^lines are missing in the log of predictions: E/)])
})

test('counts for Prometheus', async () => {
  const { server, version } = await started()
  await post(`${server.url}/predict`, [ROW, { x: 12, kind: 0 }])
  await post(`${server.url}/predict`, { x: 1 })
  await send(`${server.url}/any/thing`)
  const { text, headers } = await send(`${server.url}/metrics`)
  expect(headers['content-type']).toContain('text/plain')
  for (const each of [
    `stepwell_predictions_total{version="${version}",model="line"} 2`,
    'stepwell_inputs_beyond_training_total{feature="x",model="line"} 1',
    'stepwell_inputs_refused_total{feature="kind",model="line"} 1',
    `stepwell_model_info{version="${version}",model="line"} 1`,
    'stepwell_requests_total{route="/predict",status="200",model="line"} 1',
    'stepwell_requests_total{route="/predict",status="400",model="line"} 1',
    'stepwell_requests_total{route="none",status="404",model="line"} 1',
  ]) {
    expect(text.split('\n')).toContain(each)
  }
})

test('does not start without a model, on a port that is taken, or with a log that cannot be', async () => {
  const { dir, server } = await started()
  const start = async (options: object) =>
    await serveModel({ dir, model: 'line', port: 0, ...options })
  await expect(start({ model: 'curve' })).rejects.toMatchObject({ code: 'STEPWELL_MODEL_UNKNOWN' })
  await expect(start({ model: 'line@next' })).rejects.toMatchObject({
    code: 'STEPWELL_ALIAS_UNKNOWN',
  })
  await expect(start({ model: '../line' })).rejects.toMatchObject({ code: 'STEPWELL_MODEL_NAME' })
  const port = Number(new URL(server.url).port)
  await expect(start({ port })).rejects.toMatchObject({ code: 'STEPWELL_SERVE_LISTEN' })
  const taken = join(dir, 'file')
  writeFileSync(taken, '')
  await expect(start({ log: { folder: taken } })).rejects.toMatchObject({
    code: 'STEPWELL_SERVE_LOG',
  })
  expect(latestMove(dir, 'line', 'champion')?.number).toBe(1)
})
