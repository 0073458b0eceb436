import type { ArtifactStore } from '../../store/objects/artifact-store.ts'
import { isFiles, type JobInput } from '../../identity/job-input.ts'
import { join, resolve } from 'node:path'
import type { Digest } from '@stepwell/base/digest'
import { createDirInput, createFileInput, createFileInputs } from '../../store/inputs/file-input.ts'
import { parseTree, type Tree, type TreeEntry } from '../../value/tree.ts'
import { decodeValue } from '../../value/codec.ts'
import type { Job } from '../executor.ts'

export interface InputPlace {
  readonly artifacts: Pick<ArtifactStore, 'get'>
  /** The project directory. */
  readonly dir: string
  /** Listings that need not be in the store. @default none */
  readonly trees?: ReadonlyMap<Digest, Tree>
}

/** What a step is given for the inputs of a job. */
export async function readInputs(
  inputs: Job['inputs'],
  place: InputPlace,
): Promise<Record<string, unknown>> {
  const read: [string, unknown][] = []
  for (const [name, input] of Object.entries(inputs))
    read.push([name, await readInput(input, place)])
  return Object.fromEntries(read)
}

export async function readInput(input: JobInput, place: InputPlace): Promise<unknown> {
  const { artifacts, dir } = place
  if (isFiles(input)) return createFileInputs(dir, '', await readTree(input.digest, place))
  switch (input.kind) {
    case 'value':
      // Decoded for each consumer: none can change what another one sees, and a step is given the same thing
      // whether its input was just made or comes from the cache.
      return decodeValue(await artifacts.get(input.digest))
    case 'inline':
      return decodeValue(Buffer.from(input.bytes, 'base64'))
    case 'file':
      return createFileInput(resolve(dir, input.path), input.path, input.digest)
    case 'dir':
      return createDirInput(dir, input.path, await readTree(input.digest, place))
    case 'url':
      return createFileInput(join(dir, input.path), input.url, input.digest)
    case 'env':
      return input.value
    case 'secret':
      return process.env[input.name]
  }
}

/** The entries of a listing. */
export async function readTree(
  digest: Digest,
  { artifacts, trees }: InputPlace,
): Promise<readonly TreeEntry[]> {
  const known = trees?.get(digest)
  if (known !== undefined) return known.entries
  return parseTree(new TextDecoder().decode(await artifacts.get(digest)))
}
