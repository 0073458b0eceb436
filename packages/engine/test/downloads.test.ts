import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { pipeline, step, url, type Engine, type Pipeline } from '../src/index.ts'
import { shownUrl } from '../src/define/shown-url.ts'
import { engineOn, eventsOf } from './support/engine.ts'
import { temporaryDir } from './support/temporary.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void

/** A server that can be told to answer otherwise, and to go. */
async function serve(answer: Answer) {
  const asked: string[] = []
  const state = { answer }
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    state.answer(request, response, asked.length)
  })
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((done) => server.close(done))
  }
  onTestFinished(close)
  const { port } = server.address() as AddressInfo
  return { at: `http://127.0.0.1:${port}`, asked, state, close }
}

/** A pipeline with one step that reads what is at an address. */
function reading(address: string) {
  const read = step({
    inputs: { got: url(address) },
    run: ({ got }) => ({ path: got.path, hex: Buffer.from(got.bytes()).toString('hex') }),
  })
  return { read, of: pipeline('reading', { read }) }
}

async function outcome(engine: Engine, of: Pipeline) {
  const run = engine.run(of)
  const events = await eventsOf(run)
  const { steps } = await run.result
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
  return { status: steps['read']?.status, error: steps['read']?.error?.message, warnings }
}

const TEXT = Buffer.from('a,b\n1,2\n'.repeat(100))

describe('what is stored is what the address names, however it was sent', () => {
  const gz = gzipSync(TEXT)
  const CASES: readonly (readonly [
    what: string,
    name: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    stored: Uint8Array,
  ])[] = [
    ['plain', 'x.csv', {}, TEXT, TEXT],
    ['a file that is zipped', 'x.csv.gz', { 'content-type': 'application/gzip' }, gz, gz],
    ['one that the server calls encoded', 'x.csv.gz', { 'content-encoding': 'gzip' }, gz, gz],
    [
      'one by its type alone',
      'x',
      { 'content-encoding': 'gzip', 'content-type': 'application/x-gzip' },
      gz,
      gz,
    ],
    [
      'one that is also encoded for the way',
      'x.csv.gz',
      { 'content-encoding': 'gzip' },
      gzipSync(gz),
      gz,
    ],
    [
      'one that is encoded, and said to be so twice',
      'x.csv.gz',
      { 'content-encoding': 'gzip, gzip' },
      gzipSync(gz),
      gz,
    ],
    [
      'one that is called encoded and is not',
      'x.csv.gz',
      { 'content-encoding': 'gzip' },
      TEXT,
      TEXT,
    ],
    ['a plain file encoded for the way', 'x.csv', { 'content-encoding': 'gzip' }, gz, TEXT],
    ['with deflate', 'x.csv', { 'content-encoding': 'deflate' }, deflateSync(TEXT), TEXT],
    ['with br', 'x.csv', { 'content-encoding': 'br' }, brotliCompressSync(TEXT), TEXT],
    ['with zstd', 'x.csv', { 'content-encoding': 'zstd' }, zstdCompressSync(TEXT), TEXT],
    ['with two', 'x.csv', { 'content-encoding': 'gzip, br' }, brotliCompressSync(gz), TEXT],
    [
      'a zstd file',
      'x.zst',
      { 'content-encoding': 'zstd' },
      zstdCompressSync(TEXT),
      zstdCompressSync(TEXT),
    ],
    ['with none by name', 'x.csv', { 'content-encoding': 'identity' }, TEXT, TEXT],
  ]
  for (const [what, name, headers, body, stored] of CASES) {
    test(what, async () => {
      const encodings: unknown[] = []
      const { at } = await serve((request, response) => {
        encodings.push(request.headers['accept-encoding'])
        response.writeHead(200, headers).end(body)
      })
      const engine = await engineOn(temporaryDir())
      const { read, of } = reading(`${at}/${name}`)
      const { hex } = await engine.run(of).value(read)
      expect(Buffer.from(hex, 'hex').equals(stored)).toBe(true)
      expect(encodings).toEqual(['identity'])
    })
  }

  test('where a redirect leads, the name that was asked for counts as well', async () => {
    const { at } = await serve((request, response) => {
      if (request.url === '/x.csv.gz') response.writeHead(302, { location: '/blob/17' }).end()
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gz)
    })
    const engine = await engineOn(temporaryDir())
    const { read, of } = reading(`${at}/x.csv.gz`)
    const { hex } = await engine.run(of).value(read)
    expect(gunzipSync(Buffer.from(hex, 'hex')).equals(TEXT)).toBe(true)
  })

  test('what cannot be decoded is refused', async () => {
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['sdch', TEXT],
      ['gzip', gz.subarray(0, -20)],
      ['br', TEXT],
    ]
    for (const [encoding, body] of cases) {
      const { at } = await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': encoding }).end(body)
      })
      const project = temporaryDir()
      const engine = await engineOn(project)
      const { error } = await outcome(engine, reading(`${at}/x.csv`).of)
      expect(error, encoding).toContain('cannot be had')
      const left = readdirSync(join(project, '.stepwell'), { recursive: true }) as string[]
      expect(left.filter((name) => /x\.csv/.test(name))).toEqual([])
    }
  })
})

describe('a server that fails for a while is asked again', () => {
  const failing: Readonly<Record<string, Answer>> = {
    busy: (_, response) => response.writeHead(503).end(),
    broken: (_, response) => response.writeHead(500).end('oops'),
    'asked too much': (_, response) => response.writeHead(429, { 'retry-after': '0' }).end(),
    'asked too much, until a time': (_, response) => {
      response.writeHead(429, { 'retry-after': new Date().toUTCString() }).end()
    },
    'gone without an answer': (request) => request.socket.destroy(),
    'gone in the middle': (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setImmediate(() => response.destroy())
    },
    'gone in the middle of chunks': (_, response) => {
      response.writeHead(200).write('half')
      setImmediate(() => response.destroy())
    },
    'gone in the middle of what is encoded': (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(TEXT).subarray(0, 30))
    },
  }
  for (const [what, fail] of Object.entries(failing)) {
    test(what, async () => {
      const { at, asked } = await serve((request, response, nth) => {
        if (nth === 1) fail(request, response, nth)
        else response.end(TEXT)
      })
      const engine = await engineOn(temporaryDir())
      const { read, of } = reading(`${at}/x.csv`)
      const { hex } = await engine.run(of).value(read)
      expect(Buffer.from(hex, 'hex').equals(TEXT)).toBe(true)
      expect(asked.length).toBe(2)
    })
  }

  test('but not for ever, nor where that is of no use', async () => {
    const final: Readonly<Record<string, readonly [Answer, number]>> = {
      '503': [(_, response) => response.writeHead(503).end(), 4],
      'in 3600 s': [(_, response) => response.writeHead(429, { 'retry-after': '3600' }).end(), 1],
      '404': [(_, response) => response.writeHead(404).end(), 1],
      '403': [(_, response) => response.writeHead(403).end(), 1],
      '206': [(_, response) => response.writeHead(206).end('part'), 1],
      '304': [(_, response) => response.writeHead(304).end(), 1],
      'redirects more than': [
        (_, response) => response.writeHead(302, { location: '/' }).end(),
        21,
      ],
      'invalid address': [
        (_, response) => response.writeHead(302, { location: 'ftp://x/' }).end(),
        1,
      ],
      'cut off': [
        (_, response) => void response.writeHead(200, { 'content-length': '9' }).end('x'),
        4,
      ],
    }
    for (const [what, [answer, times]] of Object.entries(final)) {
      const { at, asked } = await serve((request, response, nth) => {
        response.strictContentLength = false
        answer(request, response, nth)
        if (what === 'cut off') setImmediate(() => request.socket.destroy())
      })
      const engine = await engineOn(temporaryDir())
      const { error } = await outcome(engine, reading(`${at}/x.csv`).of)
      expect(error).toContain(what)
      expect(asked.length, what).toBe(times)
    }
  })
})

describe('where no server is to be asked', () => {
  async function known() {
    const server = await serve((request, response) => {
      const same = request.headers['if-modified-since'] !== undefined
      response.writeHead(same ? 304 : 200, { 'last-modified': 'Mon, 30 Nov 2026 21:00:00 GMT' })
      response.end(same ? undefined : TEXT)
    })
    const project = temporaryDir()
    const { read, of } = reading(`${server.at}/x.csv`)
    const engine = await engineOn(project)
    await engine.run(of).result
    return { ...server, project, read, of, engine }
  }

  test('what is known is taken with a warning, unless the server says that it is gone', async () => {
    const { engine, of, at, state, close } = await known()
    const cached = (why: string) => ({
      status: 'cached',
      error: undefined,
      warnings: [`${at}/x.csv cannot be asked: ${why}; what was downloaded before is used`],
    })
    state.answer = (_, response) => response.writeHead(503, { 'retry-after': '900' }).end()
    expect(await outcome(engine, of)).toMatchObject({
      status: 'cached',
      warnings: [/503/].map((each) => expect.stringMatching(each)),
    })
    state.answer = (_, response) => response.writeHead(410).end()
    expect(await outcome(engine, of)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('410'),
    })
    await close()
    expect(await outcome(engine, of)).toEqual(cached('ECONNREFUSED'))
  })

  test('offline, no server is asked, and what was never downloaded fails', async () => {
    const { project, of, read, asked, at } = await known()
    const before = asked.length
    const offline = await engineOn(project, { offline: true })
    expect(await outcome(offline, of)).toEqual({ status: 'cached', error: undefined, warnings: [] })
    expect((await offline.plan(of)).steps[0]?.decision).toBe('cached')
    const other = reading(`${at}/other.csv`).of
    const never = expect.stringContaining('no server is asked offline')
    expect((await outcome(offline, other)).error).toEqual(never)
    expect((await offline.plan(other)).steps[0]?.reasons).toEqual([
      { kind: 'problem', message: never },
    ])
    expect(asked.length).toBe(before)
    expect((await offline.run(of).value(read)).hex).toBe(TEXT.toString('hex'))
  })
})

describe('secrets in addresses', () => {
  const SECRETS: readonly (readonly [address: string, shown: string])[] = [
    ['http://x/a?token=abc', 'http://x/a?token=***'],
    ['http://x/a?b=1&access_token=abc&c=2#d', 'http://x/a?b=1&access_token=***&c=2'],
    [
      'http://x/a?X-Amz-Date=20261130T000000Z&X-Amz-Signature=0f',
      'http://x/a?X-Amz-Date=20261130T000000Z&X-Amz-Signature=***',
    ],
    ['http://x/a?%74oken=abc', 'http://x/a?%74oken=***'],
    ['http://x/a?apikey=k&sig=s&Password=p', 'http://x/a?apikey=***&sig=***&Password=***'],
    ['http://x/a?q=ghp16C7e42F292c6912E7710c838347Ae178B4a', 'http://x/a?q=***'],
    ['http://x/a?ghp16C7e42F292c6912E7710c838347Ae178B4a', 'http://x/a?***'],
  ]
  const PLAIN = [
    'http://x/a',
    'http://x/a?',
    'http://x/a?year=2026&format=csv',
    'http://x/a?path=data/2026/measurements_of_all_days.csv',
    'http://x/a?from=2026-11-30T00:00:00Z&to=2026-11-30-23-59-59-999',
    'http://x/a?columns=temperature,humidity,pressure,wind&x=%20%26',
    'http://x/a?key=station',
  ]

  test('are told from what else is in them', () => {
    for (const [address, shown] of SECRETS) expect(shownUrl(address), address).toBe(shown)
    for (const address of PLAIN) expect(shownUrl(address)).toBe(address.replace(/\?$/, ''))
  })

  test('are kept nowhere and shown nowhere, and another one is no change', async () => {
    const { at, asked, state } = await serve((_, response) =>
      response.writeHead(200, { etag: '"1"' }).end(TEXT),
    )
    const project = temporaryDir()
    mkdirSync(join(project, 'sub'))
    const engine = await engineOn(project)
    const { read, of } = reading(`${at}/x.csv?year=1&token=sesame-open`)
    const { path } = await engine.run(of).value(read)
    expect(path).toBe(`${at}/x.csv?year=1&token=***`)
    expect(asked).toEqual(['/x.csv?year=1&token=sesame-open'])
    const other = reading(`${at}/x.csv?year=1&token=sesame-shut`).of
    expect((await outcome(engine, other)).status).toBe('cached')
    state.answer = (_, response) => response.writeHead(403).end()
    expect((await outcome(engine, of)).error).toContain('token=***')
    state.answer = (_, response) => response.writeHead(500).end()
    expect((await outcome(engine, of)).warnings.join(' ')).toContain('token=***')
    await engine.gc()
    const files = readdirSync(project, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(files.length).toBeGreaterThan(5)
    for (const { parentPath, name } of files) {
      expect(readFileSync(join(parentPath, name)).includes('sesame'), name).toBe(false)
    }
    expect(existsSync(join(project, '.stepwell/downloads'))).toBe(true)
  })
})
