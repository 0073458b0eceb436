import { dirname, join, relative, sep } from 'node:path'
import { createDigester, digestHex } from '@stepwell/base/digest'
import type { PackageImports } from './package-imports.ts'
import type { Sources } from './sources.ts'

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/**
 * Adds a package, as installed, and all that it depends on to `found`: name to version. What it imports
 * without declaring it counts, too, where it is installed. Not from the lock file, which can be out of step
 * with what runs.
 *
 * @param path a file inside the package, with symbolic links resolved.
 */
export function addPackages(
  path: string,
  found: Map<string, Set<string>>,
  visited: Set<string>,
  sources: Sources,
  imports: PackageImports,
): void {
  const pending = [packageRoot(path, sources)]
  for (let root = pending.pop(); root !== undefined; root = pending.pop()) {
    if (visited.has(root)) continue
    visited.add(root)
    const manifest = readManifest(root, sources) ?? {}
    const name = manifest.name ?? root
    const versions = found.get(name) ?? new Set()
    const version = versionOf(root, manifest, sources)
    found.set(name, versions.add(version))
    const { dependencies, optionalDependencies, peerDependencies } = manifest
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    const digest = sources.digest(join(root, 'package.json')) ?? ''
    const imported = isInstalled(root) ? imports.of(root, `${digest} ${version}`) : []
    for (const dependency of new Set([...declared, ...imported])) {
      if (dependency === name) continue
      // One that is not installed cannot be reached: an optional one, or a peer.
      const installed = findInstalled(root, dependency, sources)
      if (installed !== undefined) pending.push(installed)
    }
  }
}

/**
 * Whether what a file imports is a package that its own package can do without. While it is not installed,
 * the import fails, whatever it would be; once it is, it is found and counts.
 */
export function isOptional(specifier: string, file: string, sources: Sources): boolean {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const { optionalDependencies = {}, peerDependenciesMeta = {} } =
    readManifest(packageRoot(file, sources), sources) ?? {}
  if (Object.hasOwn(optionalDependencies, name)) return true
  return Object.hasOwn(peerDependenciesMeta, name) && peerDependenciesMeta[name]?.optional === true
}

/** The directory of the package that a file belongs to. */
function packageRoot(path: string, sources: Sources): string {
  let dir = dirname(path)
  for (;;) {
    const { name } = readManifest(dir, sources) ?? {}
    // A nested package.json without a name only sets the module type.
    if (name !== undefined || dirname(dir) === dir) return dir
    dir = dirname(dir)
  }
}

export function isInstalled(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path)
}

function findInstalled(root: string, name: string, sources: Sources): string | undefined {
  const [first = ''] = name.split('/')
  for (let dir = root; ; dir = dirname(dir)) {
    const modules = join(dir, 'node_modules')
    const candidate = join(modules, name)
    // Few directories are asked for many names.
    const isThere = sources.list(modules)?.has(first) && readManifest(candidate, sources)
    if (isThere) return sources.real(candidate)
    if (dirname(dir) === dir) return undefined
  }
}

function versionOf(root: string, { version }: Manifest, sources: Sources): string {
  // A version says what is in a package only when it came from a registry.
  if (version === undefined || version === '0.0.0' || !isInstalled(root)) {
    return `files ${digestTree(root, sources)}`
  }
  if (!isRegistered(root, sources)) return `files ${digestTree(root, sources)}`
  const [, store] = /[\\/]\.pnpm[\\/]([^\\/]+)/.exec(root) ?? []
  return store?.includes('patch_hash') ? `${version} (${store})` : version
}

/** Whether a package came from a registry, as far as pnpm and npm say: not from a directory or a repository. */
function isRegistered(root: string, sources: Sources): boolean {
  const [, store] = /[\\/]\.pnpm[\\/]([^\\/]+)/.exec(root) ?? []
  if (store !== undefined) return !/@(?:file|git|https?|ssh)[+:]/.test(store)
  // npm's own account of what is installed, by path from the directory that has `node_modules`.
  for (let dir = dirname(root); dirname(dir) !== dir; dir = dirname(dir)) {
    const lock = installedBy(join(dir, '.package-lock.json'), sources)
    if (lock === undefined) continue
    const { resolved } = lock[relative(dirname(dir), root).split(sep).join('/')] ?? {}
    return resolved === undefined || /^https?:.*\/-\/[^/]+\.tgz$/.test(resolved)
  }
  return true
}

type Lock = Readonly<Record<string, { readonly resolved?: string }>>

// Asked for every package; what is seen in one analysis stays the same.
const LOCKS = new WeakMap<Sources, Map<string, Lock | undefined>>()

function installedBy(path: string, sources: Sources): Lock | undefined {
  const known = LOCKS.get(sources) ?? new Map<string, Lock | undefined>()
  LOCKS.set(sources, known)
  if (!known.has(path)) known.set(path, readLock(path, sources))
  return known.get(path)
}

function readLock(path: string, sources: Sources): Lock | undefined {
  try {
    const text = new TextDecoder().decode(sources.read(path))
    return (JSON.parse(text) as { readonly packages?: Lock }).packages
  } catch {
    return undefined
  }
}

function digestTree(root: string, sources: Sources): string {
  const digester = createDigester()
  const text = new TextEncoder()
  for (const file of filesIn(root, sources).toSorted()) {
    if (file.includes('.tsbuildinfo')) continue
    digester.update(text.encode(`\n${file.slice(root.length)}\n`))
    digester.update(sources.read(file) ?? new Uint8Array())
  }
  return digestHex(digester.digest())
}

function filesIn(dir: string, sources: Sources): string[] {
  return [...(sources.list(dir) ?? [])].flatMap(([name, kind]) => {
    const path = join(dir, name)
    if (kind === 'file') return [path]
    return kind === 'directory' && name !== 'node_modules' ? filesIn(path, sources) : []
  })
}

function readManifest(dir: string, sources: Sources): Manifest | undefined {
  const bytes = sources.read(join(dir, 'package.json'))
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Manifest
  } catch {
    return undefined
  }
}
