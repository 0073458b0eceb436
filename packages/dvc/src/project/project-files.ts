import { dvcError } from '../dvc-error.ts'
import { parseParamsFile } from '../format/params-file.ts'
import type { DvcValue } from '../value/value.ts'
import { diskTree, type Tree } from './tree.ts'

/** Looks at the files of a project, at each of them once: a new one sees what changed since. */
export class ProjectFiles {
  readonly root: string
  readonly tree: Tree
  readonly #kinds = new Map<string, ReturnType<Tree['kind']>>()
  readonly #texts = new Map<string, string | undefined>()
  readonly #params = new Map<string, DvcValue | undefined>()

  /** @param tree what there is below the root: that of a commit, in place of what is there now */
  constructor(root: string, tree: Tree = diskTree(root)) {
    this.root = root
    this.tree = tree
  }

  kind(path: string): ReturnType<Tree['kind']> {
    if (this.#kinds.has(path)) return this.#kinds.get(path)
    const kind = this.tree.kind(path)
    this.#kinds.set(path, kind)
    return kind
  }

  /**
   * The text of a file, or `undefined` where there is no such file.
   * @throws StepwellError STEPWELL_DVC_YAML where it is not UTF-8
   */
  text(path: string): string | undefined {
    if (this.#texts.has(path)) return this.#texts.get(path)
    const text = this.kind(path) === 'file' ? decodeText(path, this.tree.bytes(path)) : undefined
    this.#texts.set(path, text)
    return text
  }

  /**
   * The content of a file of params, or `undefined` where there is no such file.
   * @throws StepwellError STEPWELL_DVC_PARAMS, STEPWELL_DVC_YAML
   */
  params(path: string): DvcValue | undefined {
    if (this.#params.has(path)) return this.#params.get(path)
    const text = this.text(path)
    const value = text === undefined ? undefined : parseParamsFile(path, text)
    this.#params.set(path, value)
    return value
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** @throws StepwellError STEPWELL_DVC_YAML where it is not UTF-8 */
export function decodeText(path: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw dvcError(path, {
      code: 'STEPWELL_DVC_YAML',
      summary: 'the file is not UTF-8',
      hint: 'expected text in UTF-8',
      cause: error,
    })
  }
}
