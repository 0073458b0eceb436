import {
  mkdirSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { adviceOf } from '@stepwell/base/errors'
import type { CaseFile } from './project-case.ts'

/** All of a directory: texts as they are, other bytes in base64. */
export interface Snapshot {
  readonly [path: string]: SnapshotFile
}
export type SnapshotFile =
  | string
  | { readonly base64: string }
  | { readonly link: string }
  | { readonly program: string }
  | { readonly readOnly: string }
  | { readonly dir: true }

export function temporaryDir(): string {
  return mkdtempSync(join(tmpdir(), 'stepwell-dvc-'))
}

export function writeFiles(dir: string, files: Readonly<Record<string, CaseFile>>): void {
  for (const [name, file] of Object.entries(files)) {
    const path = join(dir, name)
    rmSync(path, { recursive: true, force: true })
    if (file === null) continue
    mkdirSync(dirname(path), { recursive: true })
    if (typeof file === 'string') writeFileSync(path, file)
    else if ('link' in file) symlinkSync(file.link, path)
    else writeFileSync(path, file.program, { mode: 0o755 })
  }
}

/** What is in a directory, without what only DVC itself reads. */
export function takeSnapshot(dir: string): Snapshot {
  const files: Record<string, SnapshotFile> = {}
  const walk = (at: string): void => {
    const names = readdirSync(join(dir, at)).toSorted()
    if (names.length === 0 && at !== '') files[at] = { dir: true }
    for (const name of names) {
      const path = at === '' ? name : `${at}/${name}`
      if (path === '.git') files[path] = { dir: true }
      if (/^(?:\.git|\.dvc\/tmp|\.dvc\/cache\/runs)$/.test(path)) continue
      const stat = lstatSync(join(dir, path))
      if (stat.isDirectory()) walk(path)
      else if (stat.isSymbolicLink()) files[path] = { link: readlinkSync(join(dir, path)) }
      else files[path] = snapshotFile(join(dir, path), stat.mode)
    }
  }
  walk('')
  return files
}

export function layOut(dir: string, snapshot: Snapshot): void {
  for (const [name, file] of Object.entries(snapshot)) {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    if (typeof file === 'string') writeFileSync(path, file)
    else if ('dir' in file) mkdirSync(path, { recursive: true })
    else if ('link' in file) symlinkSync(file.link, path)
    else if ('base64' in file) writeFileSync(path, Buffer.from(file.base64, 'base64'))
    else if ('program' in file) writeFileSync(path, file.program, { mode: 0o755 })
    else {
      writeFileSync(path, file.readOnly)
      chmodSync(path, 0o444)
    }
  }
}

function snapshotFile(path: string, mode: number): SnapshotFile {
  const bytes = readFileSync(path)
  const text = bytes.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(bytes)) return { base64: bytes.toString('base64') }
  if ((mode & 0o111) !== 0) return { program: text }
  return (mode & 0o222) === 0 ? { readOnly: text } : text
}

/** What the error of a call says, with what to do about it. */
export function adviceOn(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return adviceOf(error)
  }
  throw new Error('Expected an error')
}
