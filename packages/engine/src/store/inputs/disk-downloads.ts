import type { Download, Downloads } from './downloads.ts'
import type { FileDigests } from './project-files.ts'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { pipeline } from 'node:stream/promises'
import { digestHex, digestText, type Digest } from '@stepwell/base/digest'
import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'
import { placeFiles, replaceFile, temporarySibling } from '@stepwell/base/atomic-file'

/** What is known of a file that was downloaded. */
interface Meta {
  readonly url: string
  readonly file: string
  readonly digest: Digest
  readonly etag?: string
  readonly modified?: string
}

/** Downloads as files: `downloads/<digest of the address>/<name>`, with what the server said of it. */
export class DiskDownloads implements Downloads {
  readonly #project: string
  readonly #dir: string
  readonly #digests: FileDigests

  constructor(project: string, dir: string, digests: FileDigests) {
    this.#project = project
    this.#dir = dir
    this.#digests = digests
  }

  async recall(url: string): Promise<Download | undefined> {
    const meta = await this.#meta(url)
    return meta && this.#download(meta)
  }

  async fetch(url: string, signal: AbortSignal): Promise<Download> {
    const known = await this.#meta(url)
    const failed = (facts: string, cause?: unknown) =>
      new StepwellError({
        code: 'STEPWELL_URL',
        what: `${url} cannot be had`,
        facts,
        todo: 'check the address and the network, and run again',
        ...(cause !== undefined && { cause }),
      })
    try {
      const response = await fetch(url, { signal, headers: conditions(known) })
      if (response.status === 304 && known !== undefined) {
        await response.body?.cancel()
        return this.#download(known)
      }
      // A part of it (206) is not what is at the address, nor is what is still to come (202).
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel()
        throw failed(`the server answered ${response.status} ${response.statusText}`.trim())
      }
      return await this.#save(url, response, response.body, signal)
    } catch (cause) {
      if (cause instanceof StepwellError) throw cause
      const inner = cause instanceof Error ? cause.cause : undefined
      throw failed(codeOf(inner) ?? messageOf(cause), cause)
    }
  }

  async #save(
    url: string,
    response: Response,
    body: ReadableStream,
    signal: AbortSignal,
  ): Promise<Download> {
    const dir = this.#place(url)
    await mkdir(dir, { recursive: true })
    const file = nameOf(url)
    const temporary = temporarySibling(join(dir, file))
    try {
      await pipeline(Readable.fromWeb(body), createWriteStream(temporary, { flags: 'wx' }), {
        signal,
      })
      const { digest } = await this.#digests.state(temporary)
      await placeFiles(new Map([[join(dir, file), temporary]]))
      const [etag, modified] = ['etag', 'last-modified'].map((name) => response.headers.get(name))
      const meta: Meta = {
        url,
        file,
        digest,
        ...(etag && { etag }),
        ...(modified && { modified }),
      }
      await replaceFile(join(dir, 'download.json'), JSON.stringify(meta))
      return this.#download(meta)
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /** What was downloaded, as long as it still is what it was. */
  async #meta(url: string): Promise<Meta | undefined> {
    try {
      const meta = JSON.parse(
        await readFile(join(this.#place(url), 'download.json'), 'utf8'),
      ) as Meta
      const { digest } = await this.#digests.state(this.#download(meta).path)
      return meta.url === url && digest === meta.digest ? meta : undefined
    } catch {
      return undefined
    }
  }

  #download({ url, file, digest }: Meta): Download {
    const path = relative(this.#project, join(this.#place(url), file))
      .split(sep)
      .join('/')
    return { path, digest }
  }

  #place(url: string): string {
    return join(this.#dir, digestHex(digestText(url)))
  }
}

function conditions(known: Meta | undefined): Record<string, string> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag }
  return known?.modified === undefined ? {} : { 'if-modified-since': known.modified }
}

/** The last part of an address, as far as it can be a file's name everywhere. */
function nameOf(url: string): string {
  const last = basename(new URL(url).pathname)
  const plain = last
    .replaceAll(/[^\w.-]/g, '_')
    .replace(/^\.+/, '')
    .slice(-100)
  return plain === '' || plain === 'download.json' ? 'body' : plain
}
