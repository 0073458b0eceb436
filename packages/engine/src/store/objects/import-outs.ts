import type { ArtifactStore } from './artifact-store.ts'
import type { FileDigests } from '../inputs/project-files.ts'
import type { OutKind } from '../../identity/fingerprint.ts'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutArtifact } from '../../value/artifact.ts'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { makeTree, type TreeEntry } from '../../value/tree.ts'
import { fileMode, readAttributes } from './attributes.ts'
import { readTree } from './tree-reader.ts'

/**
 * Makes the outs that a step has written durable in the artifact store.
 *
 * @throws StepwellError STEPWELL_OUT_MISSING when one was not written, or is not what was declared;
 *   STEPWELL_INPUT_TREE for a directory that holds what cannot be kept.
 */
export async function storeOuts(
  step: string,
  outs: Readonly<Record<string, JobOut>>,
  artifacts: ArtifactStore,
  digests: FileDigests,
): Promise<Record<string, OutArtifact>> {
  // Nothing is copied before all of them are known to be there.
  for (const [name, out] of Object.entries(outs)) await checkWritten(step, name, out)
  const stored: [string, OutArtifact][] = []
  for (const [name, { kind, path, staged }] of Object.entries(outs)) {
    stored.push([
      name,
      kind === 'file' || (kind === 'any' && (await lstat(staged)).isFile())
        ? await storeFile(path, staged, artifacts)
        : await storeDir(path, staged, artifacts, digests),
    ])
  }
  return Object.fromEntries(stored)
}

async function storeFile(
  path: string,
  staged: string,
  artifacts: ArtifactStore,
): Promise<OutArtifact> {
  const [digest] = await artifacts.putFiles([staged])
  const { size, mode } = await lstat(staged)
  if (digest === undefined) throw new TypeError('a file was put without a digest')
  return { kind: 'file', path, digest, size, mode: fileMode(mode) }
}

async function storeDir(
  path: string,
  staged: string,
  artifacts: ArtifactStore,
  digests: FileDigests,
): Promise<OutArtifact> {
  const { entries } = await readTree(staged, staged, { digests, links: 'out' })
  const files = entries.filter((entry) => entry.kind === 'file')
  const stored = await artifacts.putFiles(files.map((entry) => join(staged, entry.path)))
  const digestOf = new Map(files.map((entry, index) => [entry, stored[index] ?? entry.digest]))
  const tree = makeTree(
    entries.map((entry): TreeEntry => {
      return entry.kind === 'file'
        ? { ...entry, digest: digestOf.get(entry) ?? entry.digest }
        : entry
    }),
  )
  const digest = await artifacts.put(new TextEncoder().encode(tree.text))
  const attributes = await artifacts.put(new TextEncoder().encode(readAttributes(staged)))
  return { kind: 'dir', path, digest, size: tree.size, files: files.length, attributes }
}

async function checkWritten(step: string, name: string, { kind, staged }: JobOut): Promise<void> {
  const wrong = (facts: string) =>
    new StepwellError({
      code: 'STEPWELL_OUT_MISSING',
      summary: `step \`${step}\` did not leave its out \`${name}\``,
      details: facts,
      hint: `write it to the path that \`outs.${name}\` gives`,
    })
  try {
    const stats = await lstat(staged)
    if (kind === 'file' && !stats.isFile()) throw wrong('what it wrote there is not a plain file')
    if (kind === 'dir' && !stats.isDirectory()) throw wrong('what it wrote there is no directory')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw wrong('there is nothing')
    throw error
  }
}

export interface JobOut {
  readonly kind: OutKind
  /** As declared. */
  readonly path: string
  /** Where the step is to write it, absolute. */
  readonly staged: string
}
