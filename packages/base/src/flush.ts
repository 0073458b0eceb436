import { spawn } from 'node:child_process'
import { closeSync, constants, fsyncSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

// From here on one flush of the whole file system is quicker than one of each file.
const FEW = 32

/** Makes what was written to files durable. They are all in one file system. */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  const [first] = paths
  if (first === undefined) return
  if (paths.length > FEW && (await syncFileSystem(dirname(first)))) return
  for (const path of paths) await sync(path)
}

/** Makes renames in directories durable, where the platform can (Windows cannot open one). */
export async function syncDirectories(paths: Iterable<string>): Promise<void> {
  if (process.platform === 'win32') return
  const all = [...new Set(paths)]
  const [first] = all
  if (first !== undefined && all.length > FEW && (await syncFileSystem(first))) return
  for (const path of all) await sync(path)
}

/** As `syncDirectories` for one, before it returns. */
export function syncDirectorySync(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Node has no `syncfs`; where there is GNU's `sync` it is asked. Returns whether it did its work. */
async function syncFileSystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return await new Promise((done) => {
    const child = spawn('sync', ['-f', path], { stdio: 'ignore' })
    child.on('error', () => done(false))
    child.on('close', (code) => done(code === 0))
  })
}
