import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TEMPLATES, templateOf, type Template } from './template.ts'

export interface ProjectOptions {
  /** Where to; made if need be. */
  readonly dir: string
  /** One of `TEMPLATES`. */
  readonly template: string
  /** Of the package and the pipeline's folder. @default the name of the directory */
  readonly name?: string
}

export interface CreatedProject {
  readonly dir: string
  readonly template: Template
  /** Paths below `dir`, with forward slashes. */
  readonly written: readonly string[]
  /** Files of the template that were there already, and stayed as they were. */
  readonly kept: readonly string[]
}

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const COMMON = {
  typescript: '^5.9.0',
  vitest: '^4.0.0',
  '@types/node': '^24.0.0',
}

/**
 * Writes the files of a template. A file that is there already stays as it is; a `package.json` is given
 * the scripts and dependencies that it lacks.
 *
 * @throws TypeError when there is no such template.
 */
export function createProject({ dir, template: name, ...options }: ProjectOptions): CreatedProject {
  const template = templateOf(name)
  if (template === undefined) {
    const names = TEMPLATES.map((each) => each.name).join(', ')
    throw new TypeError(`Expected \`template\` to be one of ${names}, got ${name}`)
  }
  const root = resolve(dir)
  mkdirSync(root, { recursive: true })
  const written: string[] = []
  const kept: string[] = []
  for (const from of [join(PACKAGE, 'templates', '_common'), join(PACKAGE, 'templates', name)]) {
    for (const path of filesIn(from)) {
      // npm leaves out `.gitignore` files when it packs.
      const to = path === '_gitignore' ? '.gitignore' : path
      if (existsSync(join(root, to))) {
        if (!written.includes(to)) kept.push(to)
        continue
      }
      mkdirSync(dirname(join(root, to)), { recursive: true })
      cpSync(join(from, path), join(root, to))
      written.push(to)
    }
  }
  const isNew = !existsSync(join(root, 'package.json'))
  writePackage(join(root, 'package.json'), template, options.name ?? basename(root))
  ;(isNew ? written : kept).push('package.json')
  return { dir: root, template, written: written.toSorted(), kept: kept.toSorted() }
}

interface PackageManifest {
  type?: string
  scripts?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

function writePackage(path: string, { dependencies }: Template, name: string): void {
  const before: PackageManifest = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as PackageManifest)
    : ({ name: packageName(name), version: '0.0.0', private: true } as PackageManifest)
  const own = `^${ownVersion()}`
  const present = { ...before.dependencies, ...before.devDependencies }
  const missing = (wanted: Record<string, string>) =>
    Object.fromEntries(Object.entries(wanted).filter(([each]) => present[each] === undefined))
  const manifest = {
    ...before,
    // Node takes `pipeline.ts` for an ES module only where the package says so.
    type: 'module',
    scripts: {
      start: 'stepwell run',
      check: 'tsc --noEmit',
      test: 'vitest run',
      ...before.scripts,
    },
    dependencies: sorted({
      ...before.dependencies,
      ...missing(Object.fromEntries(dependencies.map((each) => [each, own]))),
    }),
    devDependencies: sorted({
      ...before.devDependencies,
      ...missing({ '@stepwell/cli': own, ...COMMON }),
    }),
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`)
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** What npm accepts as a name. */
function packageName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
  return plain === '' ? 'my-pipeline' : plain
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return version
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}
