import { messageOf } from '@stepwell/base/errors'
import { StepwellError } from '@stepwell/engine/author'
import type { InferenceSession, Tensor } from './runtime.ts'

/** What a network takes or gives, as its file says. */
export interface Port {
  readonly name: string
  /** Such as `float32`, `int64`, `string`; `undefined` for anything other than a tensor. */
  readonly type: string | undefined
  /** Sizes by axis, `undefined` where any is allowed; empty when the file does not say. */
  readonly shape: readonly (number | undefined)[]
}

export interface Feed {
  readonly data: Float32Array | Float64Array
  readonly dims: readonly number[]
}

/** A network in memory. */
export interface Network {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** The values of some outputs, flat, by their names. It must not be released before they are there. */
  run(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly string[],
  ): Promise<Readonly<Record<string, ArrayLike<unknown>>>>
  release(): Promise<void>
}

/**
 * Opens a network.
 * @throws StepwellError STEPWELL_ONNX_MISSING without the package; STEPWELL_ONNX_INVALID for a file that is
 *   not an ONNX model, or needs an operator that the runtime does not have.
 */
export async function openNetwork(bytes: Uint8Array): Promise<Network> {
  const runtime = await loadRuntime()
  let session: InferenceSession
  try {
    session = await runtime.InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_ONNX_INVALID',
      summary: 'this is not an ONNX model that can be opened',
      details: messageOf(cause),
      hint: 'look at what wrote the file; an older opset may help',
      cause,
    })
  }
  return {
    inputs: session.inputMetadata.map(portOf),
    outputs: session.outputMetadata.map(portOf),
    run: async (feeds, outputs) => {
      const tensors = Object.entries(feeds).map(([name, { data, dims }]): [string, Tensor] => [
        name,
        data instanceof Float32Array
          ? new runtime.Tensor('float32', data, dims)
          : new runtime.Tensor('float64', data, dims),
      ])
      const results = await session.run(Object.fromEntries(tensors), outputs)
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, tensor.data as ArrayLike<unknown>]),
      )
    },
    release: async () => await session.release(),
  }
}

async function loadRuntime(): Promise<typeof import('./runtime.ts')> {
  try {
    return await import('./runtime.ts')
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_ONNX_MISSING',
      summary: 'ONNX models need the package onnxruntime-web',
      details: messageOf(cause),
      hint: 'add it to your project: npm install onnxruntime-web',
      cause,
    })
  }
}

// An axis without a name comes as -1 in 32 bits.
const MAX_SIZE = 2 ** 31

function portOf(metadata: InferenceSession.ValueMetadata): Port {
  if (!metadata.isTensor) return { name: metadata.name, type: undefined, shape: [] }
  const { name, type, shape } = metadata
  return {
    name,
    type,
    shape: shape.map((size) =>
      typeof size === 'number' && size > 0 && size < MAX_SIZE ? size : undefined,
    ),
  }
}
