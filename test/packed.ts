import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { packAll, pnpm } from '../scripts/pack.mjs'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder outside of the repository in which the packed packages are installed. */
    packed: string
  }
}

const ROOT = resolve(import.meta.dirname, '..')
// What a project of the tests may import beside the packages, as a user would install it.
const BESIDE = ['onnxruntime-web', 'fastify', 'typescript', '@types/node']

/**
 * Packs all packages and installs them, as a user would, in a folder outside of the repository: what the tests run is
 * what would be published. It is kept for the next time, and made again when anything that is packed has changed.
 */
export default function setUp({ provide }: TestProject): void {
  const dir = join(tmpdir(), `stepwell-packed-${sources()}`)
  if (!existsSync(dir)) install(dir)
  provide('packed', dir)
}

function install(dir: string): void {
  const made = mkdtempSync(join(tmpdir(), 'stepwell-packing-'))
  // Some tests run it as another user.
  chmodSync(made, 0o755)
  const tarballs = packAll(join(made, 'tarballs'))
  const places = Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`] as const)
  const beside = BESIDE.map((name) => [name, catalogVersion(name)] as const)
  writeFileSync(
    join(made, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: Object.fromEntries([...places, ...beside]) }),
  )
  writeFileSync(
    join(made, 'pnpm-workspace.yaml'),
    JSON.stringify({
      packages: ['.'],
      overrides: Object.fromEntries(places),
      allowBuilds: { 'classic-level': true, protobufjs: false },
    }),
  )
  pnpm(['install', '--prefer-offline', '--reporter=append-only'], made)
  try {
    renameSync(made, dir)
  } catch (error) {
    // Another run of the tests was faster.
    if (!existsSync(dir)) throw error
    rmSync(made, { recursive: true })
  }
}

function catalogVersion(name: string): string {
  const text = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const found = new RegExp(`^  '?${name}'?: (.+)$`, 'm').exec(text)?.[1]
  if (found === undefined) throw new Error(`the catalog has no ${name}`)
  return found
}

/** A digest of all that the packages are made of. */
function sources(): string {
  const hash = createHash('sha256')
  const add = (path: string) => hash.update(`\0${path}\0`).update(readFileSync(join(ROOT, path)))
  for (const path of ['pnpm-lock.yaml', 'tsconfig.base.json', 'scripts/pack.mjs']) add(path)
  for (const name of readdirSync(join(ROOT, 'packages')).toSorted()) {
    for (const file of ['package.json', 'tsconfig.json', 'README.md']) {
      const path = join('packages', name, file)
      if (existsSync(join(ROOT, path))) add(path)
    }
    for (const folder of ['src', 'templates']) {
      const from = join('packages', name, folder)
      if (!existsSync(join(ROOT, from))) continue
      const entries = readdirSync(join(ROOT, from), { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile())
      for (const file of files.map(({ parentPath, name: own }) => join(parentPath, own)).toSorted())
        add(file.slice(ROOT.length + 1))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
