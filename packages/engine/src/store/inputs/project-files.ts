import type { Tree } from '../../value/tree.ts'
import type { GlobHandle } from '../../define/inputs.ts'
import type { Sight, Sighting } from './sighting.ts'
import type { TreeLinks } from './tree-links.ts'
import type { Digest } from '@stepwell/base/digest'

/** What is known of a file that was digested. */
export interface FileState {
  readonly digest: Digest
  readonly size: number
  /** See `countedMode`. */
  readonly mode: number
}

/** The digests of files. */
export interface FileDigests {
  /**
   * The state of the file's present bytes.
   * @param path absolute, or relative to the project
   * @throws StepwellError STEPWELL_INPUT_MISSING when there is no such file, or it is not one.
   */
  state(path: string): Promise<FileState>
}

/** The project's files as steps declare them. */
export interface ProjectFiles extends FileDigests {
  /** Whether there is a file, or a link that leads to one. */
  isFile(path: string): boolean
  /**
   * @param links what counts of links @default 'input'
   * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE: also when a part of it cannot be
   *   reached.
   */
  tree(path: string, links?: TreeLinks): Promise<Tree>
  /**
   * The files that match, by their paths.
   * @param without paths of files and directories that are left out
   * @throws as `tree`
   */
  glob(handle: GlobHandle, without: readonly string[]): Promise<Tree>
  /**
   * Looks at what a step is about to use, to tell later whether it was touched.
   * @param outs paths that steps of the pipeline write
   */
  sight(sight: Sight, outs: readonly string[]): Promise<Sighting>
}
