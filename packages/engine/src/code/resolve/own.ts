import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isWithin } from '@stepwell/base/paths'
import type { Pipeline } from '../../define/pipeline.ts'
import { cutStack, parseCallSites } from './call-site.ts'
import { isInstalled } from './packages.ts'
import type { Sights } from './sources.ts'

export const ENGINE: string = fileURLToPath(new URL('../..', import.meta.url))

const FRONT_ENDS = new Map<string, boolean>()

/** Whether a file is the project's own, rather than an installed package's or the engine's. */
export function isOwn(file: string): boolean {
  return !isInstalled(file) && !isEngine(file)
}

/**
 * Whether a file is the engine's, or that of a front end: a package of ours whose `package.json` says so.
 * Neither is part of a step's code: what the engine means for a key is said by the key's format, and all that
 * a front end reads and decides is in the keys of the steps that it makes.
 */
export function isEngine(file: string): boolean {
  return isWithin({ path: file, dir: ENGINE }) || isFrontEnd(dirname(file))
}

function isFrontEnd(dir: string): boolean {
  const known = FRONT_ENDS.get(dir)
  if (known !== undefined) return known
  const manifest = readManifest(dir)
  const found =
    manifest?.name === undefined
      ? dirname(dir) !== dir && isFrontEnd(dirname(dir))
      : manifest.name.startsWith('@stepwell/') && manifest.stepwell?.frontEnd === true
  FRONT_ENDS.set(dir, found)
  return found
}

interface Manifest {
  readonly name?: string
  readonly stepwell?: { readonly frontEnd?: boolean }
}

function readManifest(dir: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

/** The project's own modules that may have made a pipeline, the one that called `pipeline()` first. */
export function makersOf({ site }: Pick<Pipeline, 'site'>): string[] {
  return [...new Set(parseCallSites(cutStack(site), isOwn).map(({ file }) => file))]
}

/** Those of the files that were seen that are the project's own. */
export function ownFiles({ files }: Pick<Sights, 'files'>): string[] {
  return Object.entries(files).flatMap(([path, { digest }]) =>
    digest !== null && isOwn(path) ? [path] : [],
  )
}
