import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { FileState, ProjectFiles } from '../store/inputs/project-files.ts'
import type { GlobHandle } from '../define/inputs.ts'
import type { Sight, Sighting } from '../store/inputs/sighting.ts'
import type { TreeLinks } from '../store/inputs/tree-links.ts'
import type { OutArtifact } from '../value/artifact.ts'
import type { FilePart, FingerprintInput } from '../identity/fingerprint.ts'
import type { PlacedOut, Touching } from '../decide/out-paths.ts'
import type { Ingredients } from '../identity/reason.ts'
import { makeTree, parseTree, type Tree } from '../value/tree.ts'
import { UNKNOWN } from '../decide/world.ts'

/** What a run does with an out: makes it, puts it back as it is kept, or leaves what is in place. */
export type Coming = 'made' | OutArtifact | 'in place'

export interface PlannedFilesOptions {
  readonly files: ProjectFiles
  readonly artifacts: Pick<ArtifactStore, 'get'>
  /** The outs of steps before this one that share files with a path. */
  readonly touching: (path: string) => readonly Touching[]
  readonly coming: (out: PlacedOut) => Coming
  /** What the step was made from the last time. */
  readonly before: Ingredients | undefined
}

/**
 * The files of a project as a step finds them once the steps before it are done. What those are still to
 * make is taken for what it was the last time: no reason of its own to run.
 */
export class PlannedFiles implements ProjectFiles {
  readonly #options: PlannedFilesOptions
  readonly #found = new Map<string, readonly Touching[]>()
  #parts: ReadonlyMap<string, PathPart> | undefined

  constructor(options: PlannedFilesOptions) {
    this.#options = options
  }

  /** The steps that are still to make what will be at a path, or some of it; none where all is known. */
  makersOf(path: string): string[] {
    if (this.#putBack(path) !== undefined) return []
    return [...new Set(this.#moving(path).map(([{ stepName }]) => stepName))]
  }

  isFile(path: string): boolean {
    const { files, before } = this.#options
    const back = this.#putBack(path)
    if (back !== undefined) return back.kind === 'file'
    const moving = this.#moving(path)
    if (moving.length === 0) return files.isFile(path)
    const was = this.#before(path)
    if (was !== undefined) return was.kind === 'file'
    // A directory, if anything, where outs are in it. A word of a command that was not a file stays a plain
    // word.
    if (moving.some(([, position]) => position === 'inside')) return false
    return before === undefined || files.isFile(path)
  }

  async state(path: string): Promise<FileState> {
    const back = this.#putBack(path)
    if (back?.kind === 'file') return back
    if (back !== undefined || this.makersOf(path).length === 0) {
      return await this.#options.files.state(path)
    }
    const was = this.#before(path)
    return { digest: UNKNOWN, mode: 0, ...(was?.kind === 'file' && was), size: 0 }
  }

  async tree(path: string, links?: TreeLinks): Promise<Tree> {
    const { files, artifacts } = this.#options
    const back = this.#putBack(path)
    if (back?.kind === 'dir') {
      return makeTree(parseTree(new TextDecoder().decode(await artifacts.get(back.digest))))
    }
    if (back !== undefined || this.makersOf(path).length === 0) return await files.tree(path, links)
    const was = this.#before(path)
    return { ...makeTree([]), digest: was?.kind === 'dir' ? was.digest : UNKNOWN }
  }

  async glob(handle: GlobHandle, without: readonly string[]): Promise<Tree> {
    return await this.#options.files.glob(handle, without)
  }

  async sight(sight: Sight, outs: readonly string[]): Promise<Sighting> {
    return await this.#options.files.sight(sight, outs)
  }

  /** Outs that will not be in the end what they are now. */
  #moving(path: string): readonly Touching[] {
    const { touching, coming } = this.#options
    const found =
      this.#found.get(path) ?? touching(path).filter(([out]) => coming(out) !== 'in place')
    this.#found.set(path, found)
    return found
  }

  /** What is put back at this very path. */
  #putBack(path: string): OutArtifact | undefined {
    const [touching, ...more] = this.#moving(path)
    if (touching === undefined || more.length > 0) return undefined
    const [out, position] = touching
    const coming = this.#options.coming(out)
    return position === 'at' && typeof coming === 'object' ? coming : undefined
  }

  #before(path: string): PathPart | undefined {
    this.#parts ??= partsByPath(this.#options.before)
    return this.#parts.get(path)
  }
}

type PathPart = FilePart | Extract<FingerprintInput, { readonly kind: 'dir' }>

function partsByPath(before: Ingredients | undefined): Map<string, PathPart> {
  const { inputs = {}, dependsOn = {} } = before?.fingerprint ?? {}
  return new Map(
    [...Object.values(inputs), ...Object.values(dependsOn)].flatMap((part) =>
      part.kind === 'file' || part.kind === 'dir' ? [[part.path, part]] : [],
    ),
  )
}
