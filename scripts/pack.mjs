// Builds every package and packs it as it would be published: `node scripts/pack.mjs DIR` puts the tarballs into DIR
// and prints their names, as JSON, by package.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @param {string} dir where the tarballs go
 * @returns {Record<string, string>} the paths of the tarballs by the names of the packages
 */
export function packAll(dir) {
  build()
  mkdirSync(dir, { recursive: true })
  const tarballs = {}
  for (const name of readdirSync(join(root, 'packages')).toSorted()) {
    const from = join(root, 'packages', name)
    const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
    if (manifest.private === true) continue
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`
    pnpm(['pack', '--pack-destination', resolve(dir)], from)
    tarballs[manifest.name] = resolve(dir, file)
  }
  return tarballs
}

/** `tsc -b` writes what is new and never removes what is old: a module that is gone must not be packed. */
function build() {
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'lib', 'tsc.js'), '-b'], root)
  for (const name of readdirSync(join(root, 'packages'))) {
    const dist = join(root, 'packages', name, 'dist')
    if (!existsSync(dist)) continue
    for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const source = relative(dist, path).replace(/(\.d)?\.(m?)(js|ts)(\.map)?$/, '.$2ts')
      if (!existsSync(join(root, 'packages', name, 'src', source))) rmSync(path)
    }
  }
}

/** The pnpm that the workspace names. */
export function pnpm(args, cwd) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return run('npx', ['-y', packageManager, ...args], cwd)
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error !== undefined || status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`, { cause: error })
  }
  return stdout
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dir = process.argv[2]
  if (dir === undefined) {
    console.error('usage: node scripts/pack.mjs DIR')
    process.exit(2)
  }
  console.log(JSON.stringify(packAll(dir), null, 2))
}
