import type { Outputs } from '../value/artifact.ts'
import { digestBytes, type Digest } from '@stepwell/base/digest'

/** Outputs, and the bytes among them that the artifact store may lack. */
export interface Given {
  readonly outputs: Outputs
  readonly bytes: ReadonlyMap<Digest, Uint8Array>
}

/** Bytes that outputs name, put aside until it is known whether they are stored. */
export class Kept {
  readonly #bytes = new Map<Digest, Uint8Array>()

  get bytes(): ReadonlyMap<Digest, Uint8Array> {
    return this.#bytes
  }

  readonly keep = (bytes: Uint8Array): Digest => {
    const digest = digestBytes(bytes)
    this.#bytes.set(digest, bytes)
    return digest
  }
}
