import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { createDigester, digestHex } from '../digest.ts'

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/**
 * Adds a package, as installed, and all that it depends on to `found`: name to version. Not from the
 * lock file, which can be out of step with what runs.
 *
 * @param path a file inside the package, with symbolic links resolved.
 */
export function addPackages(
  path: string,
  found: Map<string, Set<string>>,
  visited: Set<string>,
): void {
  const pending = [packageRoot(path)]
  for (let root = pending.pop(); root !== undefined; root = pending.pop()) {
    if (visited.has(root)) continue
    visited.add(root)
    const manifest = readManifest(root) ?? {}
    const name = manifest.name ?? root
    const versions = found.get(name) ?? new Set()
    found.set(name, versions.add(versionOf(root, manifest)))
    const { dependencies, optionalDependencies, peerDependencies } = manifest
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    for (const dependency of names) {
      // One that is not installed cannot be reached: an optional one, or a peer.
      const installed = findInstalled(root, dependency)
      if (installed !== undefined) pending.push(installed)
    }
  }
}

/** The directory of the package that a file belongs to. */
function packageRoot(path: string): string {
  let dir = dirname(path)
  for (;;) {
    const { name } = readManifest(dir) ?? {}
    // A nested package.json without a name only sets the module type.
    if (name !== undefined || dirname(dir) === dir) return dir
    dir = dirname(dir)
  }
}

export function isInstalled(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path)
}

function findInstalled(root: string, name: string): string | undefined {
  for (let dir = root; ; dir = dirname(dir)) {
    const candidate = join(dir, 'node_modules', name)
    if (readManifest(candidate) !== undefined) return realpathSync(candidate)
    if (dirname(dir) === dir) return undefined
  }
}

function versionOf(root: string, { version }: Manifest): string {
  // A version says what is in a package only when it came from a registry.
  if (version === undefined || version === '0.0.0' || !isInstalled(root)) {
    return `files ${digestTree(root)}`
  }
  if (!isRegistered(root)) return `files ${digestTree(root)}`
  const [, store] = /[\\/]\.pnpm[\\/]([^\\/]+)/.exec(root) ?? []
  return store?.includes('patch_hash') ? `${version} (${store})` : version
}

/** Whether a package came from a registry, as far as pnpm and npm say: not from a directory or a repository. */
function isRegistered(root: string): boolean {
  const [, store] = /[\\/]\.pnpm[\\/]([^\\/]+)/.exec(root) ?? []
  if (store !== undefined) return !/@(?:file|git|https?|ssh)[+:]/.test(store)
  // npm's own account of what is installed, by path from the directory that has `node_modules`.
  for (let dir = dirname(root); dirname(dir) !== dir; dir = dirname(dir)) {
    const lock = installedBy(join(dir, '.package-lock.json'))
    if (lock === undefined) continue
    const { resolved } = lock[relative(dirname(dir), root).split(sep).join('/')] ?? {}
    return resolved === undefined || /^https?:.*\/-\/[^/]+\.tgz$/.test(resolved)
  }
  return true
}

type Lock = Readonly<Record<string, { readonly resolved?: string }>>

const LOCKS = new Map<string, { readonly changed: number; readonly packages: Lock | undefined }>()

function installedBy(path: string): Lock | undefined {
  const changed = statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0
  const known = LOCKS.get(path)
  if (known?.changed === changed) return known.packages
  const packages = changed === 0 ? undefined : readLock(path)
  LOCKS.set(path, { changed, packages })
  return packages
}

function readLock(path: string): Lock | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly packages?: Lock }).packages
  } catch {
    return undefined
  }
}

function digestTree(root: string): string {
  const digester = createDigester()
  const text = new TextEncoder()
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !isInstalled(file.slice(root.length)) && !file.includes('.tsbuildinfo'))
    .toSorted()
  for (const file of files) {
    digester.update(text.encode(`\n${file.slice(root.length)}\n`))
    digester.update(readFileSync(file))
  }
  return digestHex(digester.digest())
}

function readManifest(dir: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}
