import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ROOT } from './rig.ts'

// All packages are published to a registry of our own, on loopback, and used from there as anybody would. What they
// depend on comes from the registry that npm is set to, through it.
const TARBALLS = join(inject('packed'), 'tarballs')
// A first install on a machine that is busy.
const SLOW = 600_000
const TEMPLATES = ['ml', 'typescript', 'python', 'dvc']
// The Node that runs the tests, before the one of the machine, which may be older.
const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`

let home: string
let registry: Registry

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'stepwell-publish-'))
  registry = await startRegistry(join(home, 'registry'))
  await Promise.all(readdirSync(TARBALLS).map((name) => npm(home, 'publish', join(TARBALLS, name))))
  mkdirSync(join(home, 'work'))
  write('work/package.json', JSON.stringify({ private: true, workspaces: TEMPLATES }))
}, SLOW)

afterAll(() => {
  registry.stop()
  rmSync(home, { recursive: true, force: true })
})

test('npm create stepwell, with each template', async () => {
  for (const template of TEMPLATES) {
    const args = ['--yes', 'stepwell', template, '--', '--template', template]
    const { stdout } = await npm(join(home, 'work'), 'create', ...args)
    expect(stdout).toContain('npm install')
    expect(stdout).toContain('npx stepwell run')
  }
})

test(
  'one npm install gives all that they need',
  async () => {
    await npm(join(home, 'work'), 'install', '--no-audit', '--no-fund')
    expect(readdirSync(join(home, 'work/node_modules/@stepwell'))).toContain('engine')
  },
  SLOW,
)

test.each(TEMPLATES)('the types of the template %s hold', async (template) => {
  await npm(join(home, 'work', template), 'run', 'check')
})

test.each(TEMPLATES)('the tests of the template %s pass', async (template) => {
  await npm(join(home, 'work', template), 'test')
})

test('the first pipeline runs, is cached, reruns what an edit reaches, and can say why', async () => {
  const dir = join(home, 'work/typescript')
  const run = async () => statusesOf((await stepwell(dir, 'run', '--json')).stdout)
  expect(new Set(Object.values(await run()))).toEqual(new Set(['succeeded']))
  expect(new Set(Object.values(await run()))).toEqual(new Set(['cached']))
  const pipeline = readFileSync(join(dir, 'pipeline.ts'), 'utf8')
  writeFileSync(join(dir, 'pipeline.ts'), pipeline.replace('minR2: 0.7', 'minR2: 0.6'))
  expect((await stepwell(dir, 'explain', 'deploy')).stdout).toContain('0.7 -> 0.6')
  // A plan binds, also the second time.
  for (const name of ['one.json', 'two.json']) await stepwell(dir, 'plan', '-o', name)
  expect(statusesOf((await stepwell(dir, 'run', '--plan', 'two.json', '--json')).stdout)).toEqual({
    collect: 'cached',
    clean: 'cached',
    train: 'cached',
    evaluate: 'cached',
    deploy: 'succeeded',
  })
})

test('a model is trained, served, and answers', async () => {
  const dir = join(home, 'work/ml')
  expect(Object.values(statusesOf((await stepwell(dir, 'run', '--json')).stdout))).not.toContain(
    'failed',
  )
  const port = await freePort()
  const bin = join(home, 'work/node_modules/@stepwell/cli/dist/main.js')
  const server = spawn(process.execPath, [bin, 'serve', 'churn', '--port', String(port)], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await new Promise((up) => server.stdout.once('data', up))
    const body = JSON.stringify({ tenure: 3, contract: 1, invoice: 1, monthly: 90, calls: 5 })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`http://127.0.0.1:${port}/predict`, {
      method: 'POST',
      headers,
      body,
    })
    expect(answer.status).toBe(200)
  } finally {
    server.kill()
    await new Promise((over) => server.once('exit', over))
  }
})

function statusesOf(json: string): Record<string, string> {
  const { steps } = JSON.parse(json) as {
    readonly steps: Readonly<Record<string, { readonly status: string }>>
  }
  return Object.fromEntries(Object.entries(steps).map(([name, { status }]) => [name, status]))
}

async function stepwell(dir: string, ...args: string[]): Promise<Ended> {
  return await end(dir, 'npx', ['stepwell', ...args])
}

async function npm(dir: string, ...args: string[]): Promise<Ended> {
  return await end(dir, 'npm', args)
}

interface Ended {
  readonly stdout: string
}

/** @throws Error with all that it printed, when it fails. */
async function end(cwd: string, command: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env: {
      ...process.env,
      PATH,
      npm_config_registry: registry.url,
      npm_config_cache: join(home, 'npm'),
      npm_config_userconfig: join(home, '.npmrc'),
      npm_config_update_notifier: 'false',
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text))
  }
  const code = await new Promise((over) => child.once('close', over))
  if (code !== 0) {
    throw new Error(
      `${command} ${args.join(' ')}: exit ${String(code)}\n${printed.stdout}\n${printed.stderr}`,
    )
  }
  return printed
}

interface Registry {
  readonly url: string
  stop(): void
}

async function startRegistry(dir: string): Promise<Registry> {
  const port = await freePort()
  const upstream = spawnSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
  }).stdout.trim()
  const url = `http://127.0.0.1:${port}/`
  mkdirSync(dir, { recursive: true })
  const rights = { access: '$all', publish: '$all', unpublish: '$all' }
  writeFileSync(
    join(dir, 'config.yaml'),
    JSON.stringify({
      storage: join(dir, 'storage'),
      uplinks: { upstream: { url: upstream, timeout: '60s', maxage: '60m' } },
      packages: {
        '@stepwell/*': rights,
        'create-stepwell': rights,
        '**': { access: '$all', proxy: 'upstream' },
      },
      log: { type: 'stdout', level: 'error' },
      web: { enable: false },
      max_body_size: '100mb',
    }),
  )
  // npm publishes only to whom it has a token for; this registry asks for none.
  writeFileSync(join(home, '.npmrc'), `//127.0.0.1:${port}/:_authToken=anybody\n`)
  const bin = join(ROOT, 'node_modules', 'verdaccio', 'bin', 'verdaccio')
  const child = spawn(
    process.execPath,
    [bin, '--config', join(dir, 'config.yaml'), '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const gone = new Promise<never>((_, fail) => {
    child.once('exit', (code) => fail(new Error(`the registry ended with ${String(code)}`)))
  })
  gone.catch(() => undefined)
  while (!(await Promise.race([answers(url), gone])));
  return { url, stop: () => child.kill() }
}

/** Whether a server answers; waits a moment when none does. */
async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}-/ping`)).ok
  } catch {
    await new Promise((later) => setTimeout(later, 100))
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((up) => server.once('listening', up))
  const address = server.address()
  await new Promise((down) => server.close(down))
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return address.port
}

function write(path: string, text: string): void {
  writeFileSync(join(home, path), text)
}
