import { gitIgnore } from './git-ignore.ts'
import { IgnoreRules } from './ignore-rules.ts'
import { diskTree, type Tree } from './tree.ts'

/** What DVC never looks into. */
const ALWAYS = ['.hg/', '.git/', '.git', '.dvc/']

/** What `.dvcignore` files ignore, for who walks through the project. */
export function dvcIgnore(root: string, tree: Tree = diskTree(root)): IgnoreRules {
  return new IgnoreRules(root, '.dvcignore', ALWAYS, tree)
}

/**
 * Visits the `dvc.yaml` and `*.dvc` files of a project: those of a directory before those below it.
 * What `.dvcignore` and, in a Git repository, `.gitignore` ignore is passed over, and so are other
 * DVC projects and directories that are outs.
 * @param visit given a file, returns the outs of its stages; all paths are relative to the root
 */
export function visitDvcFiles(
  { root, tree }: { readonly root: string; readonly tree: Tree },
  ignore: IgnoreRules,
  visit: (file: string) => Iterable<string>,
): void {
  // What is in a commit is not ignored by Git, whatever its `.gitignore` says.
  const gitIgnores = tree.isCommit ? () => false : gitIgnore(root)
  const ignored = (path: string, isDir: boolean): boolean =>
    ignore.ignores(path, isDir) || gitIgnores(path, isDir)
  const outs = new Set<string>()
  const walk = (dir: string): void => {
    const sorted = tree.list(dir).toSorted((one, other) => (one.name < other.name ? -1 : 1))
    const pathOf = (name: string): string => (dir === '' ? name : `${dir}/${name}`)
    for (const entry of sorted) {
      const path = pathOf(entry.name)
      if (entry.isDir || !isDvcFile(entry.name) || ignored(path, false)) continue
      for (const out of visit(path)) outs.add(out)
    }
    for (const entry of sorted) {
      const path = pathOf(entry.name)
      if (!entry.isDir || entry.name === '.stepwell') continue
      if (outs.has(path) || ignored(path, true)) continue
      if (tree.kind(`${path}/.dvc/config`) === undefined) walk(path)
    }
  }
  walk('')
}

function isDvcFile(name: string): boolean {
  return name === 'dvc.yaml' || (name.endsWith('.dvc') && name !== '.dvc')
}
