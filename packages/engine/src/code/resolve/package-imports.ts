import { readdirSync, readFileSync, type Dirent } from 'node:fs'
import { isBuiltin } from 'node:module'
import { extname, join } from 'node:path'

/** Names of the packages that packages import, by where each is and which version. */
export type StoredImports = Readonly<Record<string, readonly string[]>>

const CODE = new Set(['.js', '.cjs', '.mjs', ''])
/** What imports a package, also in code that was made small. */
const IMPORT =
  /(?:\bfrom|\bimport|\brequire(?:\.resolve)?|\bimport\.meta\.resolve)\s*\(?\s*(["'`])((?:@[\w.~-]+\/)?[A-Za-z0-9_][\w.~-]*)(?:\/[^"'`\n]*)?\1/g

/**
 * What packages import, whether they declare it or not: what is installed for others is found as well.
 * The files of a package are read once for each version of it.
 */
export class PackageImports {
  readonly #before: StoredImports
  readonly #used = new Map<string, readonly string[]>()

  constructor(before: StoredImports = {}) {
    this.#before = before
  }

  /** @param version whatever says which files it has */
  of(root: string, version: string): readonly string[] {
    const key = `${root} ${version}`
    const known = this.#used.get(key) ?? this.#before[key] ?? importsIn(root)
    this.#used.set(key, known)
    return known
  }

  get used(): StoredImports {
    return Object.fromEntries(this.#used)
  }
}

function importsIn(root: string): readonly string[] {
  const names = new Set<string>()
  const dirs = [root]
  // It grows while it is walked.
  for (const dir of dirs) {
    for (const entry of entriesOf(dir)) {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules') dirs.push(path)
      } else if (entry.isFile() && CODE.has(extname(entry.name))) {
        for (const [, , name = ''] of textOf(path).matchAll(IMPORT)) {
          if (!isBuiltin(name)) names.add(name)
        }
      }
    }
  }
  return [...names].toSorted()
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
