import type { Download, Downloads } from './downloads.ts'
import type { FileDigests } from './project-files.ts'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pause } from '@stepwell/base/delay'
import { digestHex, digestText, type Digest } from '@stepwell/base/digest'
import { placeFiles, replaceFile, temporarySibling } from '@stepwell/base/atomic-file'
import { messageOf, StepwellError } from '@stepwell/base/errors'
import { shownUrl } from '../../define/shown-url.ts'
import { decodeBody, encodingsOf } from './content-encoding.ts'
import {
  failureOfAnswer,
  failureOfBody,
  failureOfConnection,
  type DownloadFailure,
} from './download-failure.ts'
import { httpGet, type Answer } from './http-get.ts'

// How often a server is asked that is busy, or breaks off, with a pause that doubles.
const ATTEMPTS = 4
const FIRST_PAUSE_MS = 250

/** What is known of a file that was downloaded. */
interface Meta {
  /** Without secrets. */
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
    return meta && this.#download(url, meta)
  }

  async fetch(url: string, signal: AbortSignal): Promise<Download> {
    const known = await this.#meta(url)
    for (let attempt = 1; ; attempt += 1) {
      const got = await this.#ask(url, known, signal)
      if (!('kind' in got)) return got
      if (got.again !== undefined && attempt < ATTEMPTS && !signal.aborted) {
        await pause(Math.max(got.again, FIRST_PAUSE_MS * 2 ** (attempt - 1)), signal)
        continue
      }
      if (got.kind !== 'unavailable' || known === undefined || signal.aborted)
        throw cannotBeHad(url, got)
      return { ...this.#download(url, known), stale: got.facts }
    }
  }

  async #ask(
    url: string,
    known: Meta | undefined,
    signal: AbortSignal,
  ): Promise<Download | DownloadFailure> {
    let answer: Answer
    try {
      answer = await httpGet(url, { 'accept-encoding': 'identity', ...conditions(known) }, signal)
    } catch (cause) {
      return failureOfConnection(cause)
    }
    const { response } = answer
    try {
      if (response.statusCode === 304 && known !== undefined) return this.#download(url, known)
      // A part of it (206) is not what is at the address, nor is what is still to come (202).
      if (response.statusCode !== 200) return failureOfAnswer(response)
      return await this.#save(url, answer, signal)
    } finally {
      response.destroy()
    }
  }

  async #save(
    url: string,
    { response, url: from }: Answer,
    signal: AbortSignal,
  ): Promise<Download | DownloadFailure> {
    let encodings: ReturnType<typeof encodingsOf>
    try {
      encodings = encodingsOf(response)
    } catch (cause) {
      return { facts: messageOf(cause), kind: 'broken' }
    }
    const dir = this.#place(url)
    await mkdir(dir, { recursive: true })
    const file = nameOf(url)
    const temporary = temporarySibling(join(dir, file))
    try {
      try {
        await pipeline(response, createWriteStream(temporary, { flags: 'wx' }), { signal })
        const names = [new URL(url).pathname, from.pathname]
        const type = response.headers['content-type'] ?? ''
        await decodeBody(temporary, encodings, names, type, signal)
      } catch (cause) {
        return failureOfBody(cause)
      }
      const { digest } = await this.#digests.state(temporary)
      await placeFiles(new Map([[join(dir, file), temporary]]))
      const { etag, 'last-modified': modified } = response.headers
      const meta: Meta = {
        url: shownUrl(url),
        file,
        digest,
        ...(etag && { etag }),
        ...(modified && { modified }),
      }
      await replaceFile(join(dir, 'download.json'), JSON.stringify(meta))
      return this.#download(url, meta)
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
      // Its name follows from the address: no other file is taken for what was downloaded.
      if (meta.url !== shownUrl(url) || meta.file !== nameOf(url)) return undefined
      const { digest } = await this.#digests.state(this.#download(url, meta).path)
      return digest === meta.digest ? meta : undefined
    } catch {
      return undefined
    }
  }

  #download(url: string, { file, digest }: Meta): Download {
    const path = relative(this.#project, join(this.#place(url), file))
      .split(sep)
      .join('/')
    return { path, digest }
  }

  #place(url: string): string {
    return join(this.#dir, digestHex(digestText(url)))
  }
}

/** Of which address the download in a directory is, as it is shown. */
export async function addressOf(dir: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(join(dir, 'download.json'), 'utf8')) as Meta).url
  } catch {
    return undefined
  }
}

function conditions(known: Meta | undefined): Record<string, string> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag }
  return known?.modified === undefined ? {} : { 'if-modified-since': known.modified }
}

function cannotBeHad(url: string, { facts, cause }: DownloadFailure): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_URL',
    summary: `${shownUrl(url)} cannot be had`,
    details: facts,
    hint: 'check the address and the network, and run again',
    ...(cause !== undefined && { cause }),
  })
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
