import { DvcCache } from '../content/dvc-cache.ts'
import { readConfig } from '../project/dvc-config.ts'
import { loadProject } from '../project/load-project.ts'
import { ProjectFiles } from '../project/project-files.ts'
import { diskTree } from '../project/tree.ts'
import type { GitRepository } from './git.ts'
import { revisionOf, type Revision } from './revision.ts'

/** What is in the project now; outs that are missing come from DVC's cache. */
export function workspaceRevision(root: string): Revision {
  const files = new ProjectFiles(root)
  return revisionOf('workspace', loadProject(root, files), files, cacheOf(root))
}

/**
 * The project as it is in a commit; what Git does not have comes from DVC's cache, by the `dvc.lock` of that
 * commit.
 */
export function gitRevision(
  root: string,
  git: GitRepository,
  { name, commit }: { readonly name: string; readonly commit: string },
): Revision {
  const files = new ProjectFiles(root, git.tree(commit))
  return revisionOf(name, loadProject(root, files), files, cacheOf(root))
}

/**
 * What a recorded run left, which has been written below a directory.
 * @param root of the project, whose `dvc.yaml` files say what there is to show
 */
export function runRevision(root: string, name: string, dir: string): Revision {
  return revisionOf(name, loadProject(root), new ProjectFiles(root, diskTree(dir)), undefined)
}

// Where the cache is, the project says as it is now: it was not moved back then.
function cacheOf(root: string): DvcCache {
  return new DvcCache(root, readConfig(new ProjectFiles(root)).cacheDir)
}
