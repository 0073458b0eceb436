import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { JobInput } from '../identity/job-input.ts'
import { digestBytes, type Digest } from '@stepwell/base/digest'
import { messageOf, StepwellError } from '@stepwell/base/errors'
import { readTree } from '../executor/inline/job-inputs.ts'
import { itemKey, listingOf, type FingerprintInput } from '../identity/fingerprint.ts'
import type { Identity } from './resolve-inputs.ts'
import { ITEM, type MapWork } from '../define/work.ts'
import { decodeValue, encodeValue } from '../value/codec.ts'

/** An item of a mapped step. */
export interface Item {
  /** What its output is filed under. */
  readonly key: Digest
  readonly label: string
  readonly input: JobInput
  /** The file that it is, relative to the project, if it is one. */
  readonly path?: string
}

/**
 * The items that a mapped step goes over, in order; equal ones are one key.
 *
 * @param base what their keys have in common
 * @throws StepwellError STEPWELL_MAP when it is given no list.
 */
export async function listItems(
  step: string,
  { label }: Pick<MapWork, 'label'>,
  { jobInputs, trees }: Identity,
  base: Digest,
  artifacts: Pick<ArtifactStore, 'get'>,
): Promise<Item[]> {
  const over = jobInputs[ITEM]
  const listing = listingOf(over)
  if (listing !== undefined) {
    const entries = await readTree(listing, { artifacts, dir: '', trees })
    return entries.flatMap((entry) => {
      if (entry.kind !== 'file') return []
      const { digest, mode } = entry
      const path = over?.kind === 'dir' ? `${over.path}/${entry.path}` : entry.path
      const part: FingerprintInput = { kind: 'file', path, digest, mode }
      const input: JobInput = { kind: 'file', path, digest }
      return [{ key: itemKey(base, part), label: path, input, path }]
    })
  }
  const list = over?.kind === 'value' ? decodeValue(await artifacts.get(over.digest)) : undefined
  if (!Array.isArray(list)) throw noList(step, typeof list)
  return list.map((value: unknown, index) => {
    const bytes = encodeValue(value)
    return {
      key: itemKey(base, { kind: 'value', digest: digestBytes(bytes) }),
      label: labelOf(step, value, index, label),
      input: { kind: 'inline', bytes: Buffer.from(bytes).toString('base64') },
    }
  })
}

function labelOf(step: string, value: unknown, index: number, label: MapWork['label']): string {
  if (label === undefined) return `#${index}`
  try {
    return label(value as never)
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_MAP',
      summary: `the function \`key\` of step \`${step}\` threw for item ${index}`,
      details: messageOf(cause),
      hint: 'correct it',
      cause,
    })
  }
}

function noList(step: string, type: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_MAP',
    summary: `step \`${step}\` goes over something that is not a list`,
    details: `it was given ${type === 'object' ? 'an object' : type}`,
    hint: 'let `over` be a step that returns an array, a pick() of one, or a glob()',
  })
}
