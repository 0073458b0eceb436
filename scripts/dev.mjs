// The one way in on a fresh machine: plain Node 20 and npm are enough. Installs what the workspace
// needs (Node 24 included, as a package) once, then runs the asked-for command on that Node.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'node_modules', '.stepwell-setup')
const node = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager
const source = '--conditions=@stepwell/source'

const [verb, ...rest] = process.argv.slice(2)
const bin = (name) => {
  const manifest = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  )
  const path = typeof manifest.bin === 'string' ? manifest.bin : Object.values(manifest.bin)[0]
  return join('node_modules', name, path)
}
const stepwell = (...args) => [source, join(root, 'packages', 'cli', 'src', 'main.ts'), ...args]

const verbs = {
  setup: () => [],
  demo: () => [
    {
      say: 'running examples/bike-sharing: collect, clean, train on 2011, evaluate, gate, deploy, monitor 2012',
      args: stepwell('run', '-C', join('examples', 'bike-sharing'), ...rest),
    },
  ],
  story: () => [
    {
      say: 'playing examples/bike-life: two years in the life of a model',
      args: [source, join('examples', 'bike-life', 'story.ts'), ...rest],
    },
  ],
  stepwell: () => [{ args: stepwell(...rest), cwd: process.cwd() }],
  node: () => [{ args: [source, ...rest], cwd: process.cwd() }],
  bench: () => [{ args: [source, join('bench', `${rest[0] ?? 'code'}.ts`), ...rest.slice(1)] }],
  test: () => [{ say: 'running the tests', args: [bin('vitest'), 'run', ...rest] }],
  check: () => [
    { say: 'types (tsc -b)', args: [bin('typescript'), '-b'] },
    { say: 'lint and layers (oxlint)', args: [bin('oxlint'), '--type-aware', '--deny-warnings'] },
    { say: 'format (prettier)', args: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
    { say: 'unused code and dependencies (knip)', args: [bin('knip')] },
    { say: 'prose', args: [join('scripts', 'prose.mjs')] },
  ],
  format: () => [{ args: [bin('prettier'), '--write', '--log-level', 'warn', '.'] }],
}
if (!Object.hasOwn(verbs, verb)) {
  console.error(`usage: node scripts/dev.mjs ${Object.keys(verbs).join('|')}`)
  process.exit(2)
}

// The child has the terminal: it decides what an interrupt means, and is waited for.
process.on('SIGINT', () => undefined)

setUp()
// A SIGTERM comes to this process alone: the child would go on with nobody to end it. A closed terminal tells both.
let child
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  process.on(signal, () => child.kill(signal))
}
for (const { say, args, cwd = root } of verbs[verb]()) {
  if (say !== undefined) console.error(`stepwell: ${say}`)
  child = spawn(node, args, { cwd, stdio: 'inherit' })
  const [status, signal] = await once(child, 'exit')
  if (signal) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  if (status !== 0) process.exit(status ?? 1)
}
if (verb === 'demo') {
  console.error(
    'stepwell: run it again, and every step is cached; then change `min: 0.3` of the gate in\n' +
      'examples/bike-sharing/pipeline.ts to 0.9, and see what is skipped, and that the deployed model stays',
  )
}

/** What an install depends on; when none of it changed, there is nothing to set up. */
function wanted() {
  const hash = createHash('sha256').update(process.platform + process.arch)
  const manifests = ['packages', 'examples'].flatMap((dir) =>
    readdirSync(join(root, dir)).map((name) => join(dir, name, 'package.json')),
  )
  const files = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests.sort()]
  for (const file of files.filter((file) => existsSync(join(root, file)))) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

function setUp() {
  const want = wanted()
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return
  console.error(
    'stepwell: setting up (first time, or the dependencies changed): Node 24 and packages from the npm registry',
  )
  rmSync(stamp, { force: true })
  const install = ['-y', pnpm, 'install', '--reporter=append-only']
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  const { status, stdout, stderr, error } = spawnSync(npx, install, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (error || status !== 0) {
    console.error(stdout ?? '', stderr ?? '', error ?? '')
    console.error(`stepwell: setting up failed; try again with: npx ${install.join(' ')}`)
    process.exit(1)
  }
  // The install itself may have brought the lock file up to date.
  writeFileSync(stamp, wanted())
  console.error('stepwell: set up')
}
