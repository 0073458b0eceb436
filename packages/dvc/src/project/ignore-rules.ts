import { leadsOutside } from '@stepwell/base/paths'
import { ignorePattern, type IgnorePattern } from './ignore-pattern.ts'
import { joinPath } from './location.ts'
import { diskTree, type Tree } from './tree.ts'

interface Layer {
  /** The directory of the file, with a slash at its end; empty for the root. */
  readonly prefix: string
  readonly patterns: readonly IgnorePattern[]
}

/** What the files of one name, such as `.dvcignore`, ignore in a project. Each is read once. */
export class IgnoreRules {
  readonly #tree: Tree
  readonly #name: '.dvcignore' | '.gitignore'
  readonly #first: Layer
  readonly #layers = new Map<string, readonly Layer[]>()

  constructor(
    root: string,
    name: '.dvcignore' | '.gitignore',
    always: readonly string[] = [],
    tree: Tree = diskTree(root),
  ) {
    this.#tree = tree
    this.#name = name
    this.#first = { prefix: '', patterns: patternsOf(always, name !== '.dvcignore') }
  }

  /** Whether a path, relative to the root, or a directory that it is in, is ignored. */
  ignores(path: string, isDir: boolean): boolean {
    if (path === '.' || leadsOutside(path)) return false
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (this.#ignoresOne(path.slice(0, slash), true)) return true
    }
    return this.#ignoresOne(path, isDir)
  }

  #ignoresOne(path: string, isDir: boolean): boolean {
    const slash = path.lastIndexOf('/')
    const layers = this.#layersOf(slash === -1 ? '' : path.slice(0, slash))
    for (const { prefix, patterns } of layers.toReversed()) {
      const inside = path.slice(prefix.length)
      for (const { regex, ignore, dirOnly } of patterns.toReversed()) {
        if (dirOnly && !isDir) continue
        if (regex.test(inside) || (isDir && regex.test(`${inside}/`))) return ignore
      }
    }
    return false
  }

  #layersOf(dir: string): readonly Layer[] {
    const known = this.#layers.get(dir)
    if (known !== undefined) return known
    const slash = dir.lastIndexOf('/')
    const above =
      dir === '' ? [this.#first] : this.#layersOf(slash === -1 ? '' : dir.slice(0, slash))
    const file = joinPath(dir, this.#name)
    const layers =
      this.#tree.kind(file) === 'file'
        ? [
            ...above,
            {
              prefix: dir === '' ? '' : `${dir}/`,
              patterns: patternsOf(
                new TextDecoder().decode(this.#tree.bytes(file)).split(/\r?\n/),
                dir !== '' || this.#name !== '.dvcignore',
              ),
            },
          ]
        : above
    this.#layers.set(dir, layers)
    return layers
  }
}

function patternsOf(lines: readonly string[], everywhere: boolean): IgnorePattern[] {
  return lines
    .map((line) => ignorePattern(line.trim(), everywhere))
    .filter((pattern) => pattern !== undefined)
}
