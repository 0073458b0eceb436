import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PipelineCode } from '../../identity/code.ts'
import { digestText, type Digest } from '@stepwell/base/digest'
import type { Pipeline } from '../../define/pipeline.ts'
import { definition } from '../../define/step.ts'
import { pinOf } from '../../define/work.ts'
import { replaceFile } from '@stepwell/base/atomic-file'
import { conditions } from '../resolve/conditions.ts'
import { packCode, unpackCode, type FoundDetails, type FoundIdentity } from './found-code.ts'
import { ENGINE, ownFiles } from '../resolve/own.ts'
import { allPinned } from './pinned-code.ts'
import type { StoredImports } from '../resolve/package-imports.ts'
import { lookAgain, type Sights } from '../resolve/sources.ts'
import { cutStack } from '../resolve/call-site.ts'
import type { StoredTexts } from '../parse/text-cache.ts'

/** To be raised whenever the analysis may find something else in the same sources. */
const ANALYZER = 10

/** What analyses: a newer version of the package may bring another parser or resolver. */
function analyzer(): string {
  const version = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return digestText(`stepwell code analyzer ${ANALYZER}\n${version}`)
}

/** What an analysis found, and all that it saw: it holds as long as that stays. */
interface Manifest {
  /** Of all that it depends on besides files. */
  readonly about: Digest
  readonly sights: Sights
  readonly identity: FoundIdentity
}

interface StoredManifest extends Manifest {
  /** `FoundDetails` as JSON, which is not taken apart before it is asked for. */
  readonly details: string
}

/** The code of a pipeline. */
export interface KnownCode {
  readonly code: PipelineCode
  /** The project's own files that it depends on; absolute. */
  readonly sources: readonly string[]
  /** Whether it was found the last time: nothing was parsed. */
  readonly isKnown: boolean
  /** Keeps what was found for the next process, where that is worth it. Never throws. */
  readonly keep: () => Promise<void>
}

/**
 * The code behind a pipeline's steps: what was found the last time, if all that was looked at then is the
 * same now; else what an analysis finds. Only then are the parser and the resolver loaded. The manifest is a
 * cache: it may be lost, and one that is damaged, or of another subject, is ignored.
 *
 * @param cacheDir where manifests are kept; it is not made here
 */
export async function findCode(
  pipeline: Pipeline,
  dir: string,
  cacheDir: string,
): Promise<KnownCode> {
  const { sources: madeFrom } = pipeline.options
  const pinned = madeFrom && allPinned(pipeline)
  if (pinned !== undefined) {
    return { code: pinned, sources: madeFrom ?? [], isKnown: true, keep: () => Promise.resolve() }
  }
  const path = join(cacheDir, `${pipeline.name}.json`)
  const about = subjectOf(pipeline, dir)
  const before = readManifest(path, about)
  if (before !== undefined) {
    const sights = lookAgain(before.sights, pipeline.madeAt)
    if (sights !== undefined) {
      const { identity, details } = before
      const code = unpackCode(identity, () => JSON.parse(details) as FoundDetails)
      // By now, time stamps may prove what had to be read before.
      const isSame = sights === before.sights
      const keep = async (): Promise<void> =>
        isSame ? undefined : await write({ about, sights, identity }, details)
      return { code, sources: ownFiles(sights), isKnown: true, keep }
    }
  }
  const textsPath = join(cacheDir, `${pipeline.name}.texts.json`)
  const stored = readTexts(textsPath)
  const { analyzeCode } = await import('../reach/analyze.ts')
  const { code, sources, sights, texts, imports } = analyzeCode(pipeline, dir, stored)
  return {
    code,
    sources,
    isKnown: false,
    keep: async () => {
      // What a text says does not depend on where and when it was read.
      const json = JSON.stringify({
        analyzer: analyzer(),
        imports,
        texts: texts(),
      } satisfies TextsFile)
      const digest = digestText(json)
      if (digest !== stored?.digest) await writeCache(textsPath, `${digest}\n${json}`)
      if (sights === undefined) return
      const { identity, details } = packCode(code)
      await write({ about, sights, identity }, JSON.stringify(details))
    },
  }

  async function write(manifest: Manifest, details: string): Promise<void> {
    const text = `${JSON.stringify(manifest)}\n${details}`
    await writeCache(path, `${digestText(text)}\n${text}`)
  }
}

async function writeCache(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text)
  } catch {
    // The next process analyses again.
  }
}

interface TextsFile {
  readonly analyzer: string
  readonly imports: StoredImports
  readonly texts: StoredTexts
}

function readTexts(path: string): (TextsFile & { readonly digest: string }) | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const end = text.indexOf('\n')
    const [digest, json] = [text.slice(0, end), text.slice(end + 1)]
    if (digestText(json) !== digest) return undefined
    const known = JSON.parse(json) as TextsFile
    return known.analyzer === analyzer() ? { ...known, digest } : undefined
  } catch {
    return undefined
  }
}

function readManifest(path: string, about: Digest): StoredManifest | undefined {
  try {
    const [, digest, text = ''] = /^(.*)\n([^]*)$/.exec(readFileSync(path, 'utf8')) ?? []
    if (digestText(text) !== digest) return undefined
    const [json = '', details = ''] = text.split('\n')
    const manifest = JSON.parse(json) as Manifest
    return manifest.about === about ? { ...manifest, details } : undefined
  } catch {
    return undefined
  }
}

/** All that an analysis depends on besides what it sees of files, and the values of variables. */
function subjectOf({ name, site, steps }: Pipeline, dir: string): Digest {
  const made = [...steps].map(([step, handle]) => {
    const { site: stack, version, work } = definition(handle)
    return [step, cutStack(stack), version !== undefined, pinOf(work) ?? null]
  })
  return digestText(
    JSON.stringify([
      'stepwell code manifest',
      analyzer(),
      ENGINE,
      process.version,
      process.platform,
      conditions(),
      process.env['NODE_PATH'] ?? null,
      dir,
      name,
      cutStack(site),
      made,
    ]),
  )
}
