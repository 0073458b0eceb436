import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty directory that goes when the test has ended. */
export function temporaryDir(): string {
  const dir = makeTemporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** An empty directory; the caller removes it. */
export function makeTemporaryDir(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'stepwell-engine-')))
}

/** Writes files by relative path; `undefined` removes one. */
export function writeFiles(dir: string, files: Readonly<Record<string, string | undefined>>): void {
  for (const [path, content] of Object.entries(files)) {
    const absolute = join(dir, path)
    if (content === undefined) rmSync(absolute, { recursive: true, force: true })
    else {
      mkdirSync(dirname(absolute), { recursive: true })
      writeFileSync(absolute, content)
    }
  }
}
