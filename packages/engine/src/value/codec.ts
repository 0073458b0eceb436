import { digestBytes, type Digest } from '@stepwell/base/digest'
import { CanonicalWriter, isPlain, type Extension } from '@stepwell/base/json'

// Layout of an encoded value, all integers little-endian:
//   0  'SWV1'
//   4  1 when the JSON holds tags, else 0; three zero bytes
//   8  length of the JSON in bytes (u32); four zero bytes
//  16  canonical JSON, then the bytes of typed arrays in order of mention, each from a multiple of 8
//
// A tag is an object with the member "$": {"$":"date","v":0}. A plain object that has a member "$" of
// its own is wrapped: {"$":"object","v":{"$":...}}. So no value can pass for another one.
const MAGIC = 'SWV1'
const HEADER = 16

const TYPED_ARRAYS = new Map(
  [
    Uint8Array,
    Uint8ClampedArray,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    BigUint64Array,
    BigInt64Array,
    Float32Array,
    Float64Array,
  ].map((type) => [type.name, type]),
)

type TypedArray = InstanceType<typeof Uint8Array | typeof Float64Array | typeof BigInt64Array>

/**
 * Encodes a value that a step returned. One value has one encoding: bytes do not depend on the order
 * in which the keys of an object were set, nor on the machine. Beyond JSON it keeps `undefined`, `NaN`,
 * the infinities, `-0`, `bigint`, `Date`, `Map` and `Set` (in insertion order), `Uint8Array` (a
 * `Buffer` comes back as one) and the other typed arrays. An object comes back with sorted keys, and a
 * part that was reached twice comes back as two equal parts.
 *
 * @throws UnencodableError for a function, a symbol, a class instance, a cycle or a hole in an array,
 *   naming the path inside the value.
 */
export function encodeValue(value: unknown): Uint8Array {
  const buffers: Uint8Array[] = []
  let offset = 0
  let tagged = false
  const extension: Extension = (part, writer) => {
    const tag = (name: string, content?: string): string => {
      tagged = true
      return content === undefined ? `{"$":"${name}"}` : `{"$":"${name}","v":${content}}`
    }
    switch (typeof part) {
      case 'undefined':
        return tag('undefined')
      case 'number':
        return tag('number', `"${part}"`)
      case 'bigint':
        return tag('bigint', `"${part}"`)
      case 'object':
        break
      default:
        return undefined
    }
    if (part === null) return undefined
    if (isExactly(part, Date)) return tag('date', writer.write(dateNumber(part)))
    if (isExactly(part, Map)) {
      const pairs = () =>
        [...part].map(
          ([key, item], index) => `[${writer.at(index, key)},${writer.at(index, item)}]`,
        )
      return tag(
        'map',
        writer.nested(part, () => `[${pairs().join(',')}]`),
      )
    }
    if (isExactly(part, Set)) {
      const items = () => [...part].map((item, index) => writer.at(index, item))
      return tag(
        'set',
        writer.nested(part, () => `[${items().join(',')}]`),
      )
    }
    const array = asTypedArray(part)
    if (array !== undefined) {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
      buffers.push(bytes)
      const at = offset
      offset += padded(bytes.length)
      return tag(array.name, `[${at},${array.length}]`)
    }
    if (Object.hasOwn(part, '$') && isPlain(part)) {
      return tag(
        'object',
        writer.nested(part, () => writer.object(part)),
      )
    }
    return undefined
  }
  const json = new TextEncoder().encode(new CanonicalWriter(extension).write(value))
  const start = HEADER + padded(json.length)
  const bytes = new Uint8Array(start + offset)
  const header = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  header.setUint8(4, tagged ? 1 : 0)
  header.setUint32(8, json.length, true)
  bytes.set(json, HEADER)
  let at = start
  for (const buffer of buffers) {
    bytes.set(buffer, at)
    at += padded(buffer.length)
  }
  return bytes
}

/** The value of `encodeValue`'s bytes: fresh objects that are not shared. */
export function decodeValue(bytes: Uint8Array): unknown {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length))
  if (bytes.length < HEADER || magic !== MAGIC) throw new RangeError('not an encoded value')
  const length = header.getUint32(8, true)
  const json = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    bytes.subarray(HEADER, HEADER + length),
  )
  const value: unknown = JSON.parse(json)
  if (header.getUint8(4) === 0) return value
  return revive(value, bytes.subarray(HEADER + padded(length)))
}

/** The digest of a value: that of its encoding. */
export function digestValue(value: unknown): Digest {
  return digestBytes(encodeValue(value))
}

function revive(value: unknown, buffers: Uint8Array): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => revive(item, buffers))
  if (!Object.hasOwn(value, '$')) return reviveMembers(value, buffers)
  const { $: tag, v: content } = value as unknown as { $: string; v?: unknown }
  switch (tag) {
    case 'undefined':
      return undefined
    case 'number':
      return Number(content)
    case 'bigint':
      return BigInt(content as string)
    case 'date':
      return new Date(content === null ? Number.NaN : (content as number))
    case 'map':
      return new Map(revive(content, buffers) as [unknown, unknown][])
    case 'set':
      return new Set(revive(content, buffers) as unknown[])
    case 'object':
      return reviveMembers(content as object, buffers)
    default:
      return reviveTypedArray(tag, content as [number, number], buffers)
  }
}

function reviveMembers(value: object, buffers: Uint8Array): object {
  for (const [key, member] of Object.entries(value)) {
    const revived = revive(member, buffers)
    // `JSON.parse` makes `__proto__` an own member; an assignment would set the prototype instead.
    if (revived !== member) {
      Object.defineProperty(value, key, {
        value: revived,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
  }
  return value
}

function reviveTypedArray(name: string, place: [number, number], buffers: Uint8Array): unknown {
  const type = TYPED_ARRAYS.get(name)
  if (type === undefined) throw new RangeError(`unknown tag ${JSON.stringify(name)}`)
  const [at, length] = place
  // Copied, so that the result is aligned and shares no memory with the artifact. Not by `slice`: that
  // of a `Buffer`, which a file is read into, copies nothing.
  return new type(new Uint8Array(buffers.subarray(at, at + length * type.BYTES_PER_ELEMENT)).buffer)
}

function asTypedArray(
  part: object,
):
  | (Pick<TypedArray, 'buffer' | 'byteOffset' | 'byteLength' | 'length'> & { name: string })
  | undefined {
  if (!ArrayBuffer.isView(part) || part instanceof DataView) return undefined
  const array = part as TypedArray
  const { buffer, byteOffset, byteLength, length } = array
  const prototype: unknown = Object.getPrototypeOf(array)
  for (const [name, type] of TYPED_ARRAYS) {
    const buffered = type === Uint8Array && globalThis.Buffer?.isBuffer(array)
    if (prototype === type.prototype || buffered)
      return { buffer, byteOffset, byteLength, length, name }
  }
  return undefined
}

function isExactly<T>(
  part: object,
  type: abstract new (...args: never[]) => T,
): part is T & object {
  return Object.getPrototypeOf(part) === type.prototype
}

function dateNumber(date: Date): number | null {
  const time = date.getTime()
  return Number.isNaN(time) ? null : time
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8
}
