import { fileURLToPath } from 'node:url'
import type { Pipeline } from '../pipeline.ts'
import { cutStack, parseCallSites } from './call-site.ts'
import { isInstalled } from './packages.ts'
import { isInside } from './paths.ts'
import type { Sights } from './sources.ts'

// The engine is not part of a step's code: what it means for a key is said by the key's format.
export const ENGINE: string = fileURLToPath(new URL('..', import.meta.url))

/** Whether a file is the project's own, rather than an installed package's or the engine's. */
export function isOwn(file: string): boolean {
  return !isInstalled(file) && !isInside(ENGINE, file)
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
