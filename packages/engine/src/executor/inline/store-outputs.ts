import { StepwellError } from '@stepwell/base/errors'
import type { ArtifactStore } from '../../store/objects/artifact-store.ts'
import type { FileDigests } from '../../store/inputs/project-files.ts'
import { failureOf, failureWith, type Failure } from '@stepwell/base/failure'
import type { Artifact, OutArtifact, Outputs } from '../../value/artifact.ts'
import { describeValue } from '../../value/summary.ts'
import { UnencodableError } from '@stepwell/base/json'
import { pickField } from '../../value/pick.ts'
import { storeOuts } from '../../store/objects/import-outs.ts'
import { encodeValue } from '../../value/codec.ts'
import type { Job } from '../executor.ts'
import type { Secrets } from '../secrets.ts'

export type Stored =
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly failure: Failure }

interface EncodedArtifact {
  readonly bytes: Uint8Array
  readonly about: string
}

/** Makes durable what a step gave and wrote, unless it holds a secret or is not what was declared. */
export async function storeOutputs(
  { step, picks, outs }: Job,
  value: unknown,
  secrets: Secrets,
  { artifacts, digests }: { readonly artifacts: ArtifactStore; readonly digests: FileDigests },
): Promise<Stored> {
  let encoded: { value: EncodedArtifact; picks: [string, EncodedArtifact][] }
  try {
    encoded = {
      value: encode(value),
      picks: picks.map((field) => [field, encode(pickField(step, value, field))]),
    }
    secrets.checkBytes(step, 'the output', encoded.value.bytes)
  } catch (error) {
    if (error instanceof UnencodableError) return { ok: false, failure: unstorable(step, error) }
    return { ok: false, failure: failureOf(error) }
  }
  let stored: Record<string, OutArtifact>
  try {
    for (const [name, { staged }] of Object.entries(outs)) {
      await secrets.checkOut(step, name, staged)
    }
    stored = await storeOuts(step, outs, artifacts, digests)
  } catch (error) {
    // What the step wrote is its own failure; anything else is the store's.
    if (!(error instanceof StepwellError)) throw error
    return { ok: false, failure: failureOf(error) }
  }
  const put = async ({ bytes, about }: EncodedArtifact): Promise<Artifact> => {
    const digest = await artifacts.put(bytes)
    return { kind: 'value', digest, size: bytes.length, about }
  }
  const picked: [string, Artifact][] = []
  for (const [field, artifact] of encoded.picks) picked.push([field, await put(artifact)])
  const outputs: Outputs = {
    value: await put(encoded.value),
    picks: Object.fromEntries(picked),
    outs: stored,
  }
  return { ok: true, outputs }
}

function encode(value: unknown): EncodedArtifact {
  return { bytes: encodeValue(value), about: describeValue(value) }
}

/** The failure of a step that returned something other than data. */
export function unstorable(step: string, error: UnencodableError): Failure {
  return failureWith({
    code: 'STEPWELL_VALUE',
    summary: `step \`${step}\` returned a value that cannot be stored`,
    details: error.message,
    hint: 'return plain data: JSON, typed arrays, Date, Map, Set, bigint',
  })
}
