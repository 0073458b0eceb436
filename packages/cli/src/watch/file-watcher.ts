import { statSync } from 'node:fs'
import { messageOf } from '@stepwell/base/errors'
import { watch } from 'chokidar'
import { StepwellError } from '@stepwell/engine'
import type { Targets } from './targets.ts'

// The system has no more to give, and what comes next would be missed.
const SHORTAGES = new Set(['ENOSPC', 'EMFILE', 'ENFILE'])

/** Files under watch. */
export interface FileWatcher {
  /** Those there are, and that are watched or on the way to what is; absolute. */
  readonly files: ReadonlySet<string>
  close(): Promise<void>
}

/**
 * Watches, by directories, all that leads to the targets: what is replaced, what is gone and comes back,
 * and what is not there yet is seen, too. Resolves once nothing more is missed.
 *
 * @param since in milliseconds since the epoch: what changed from then on is told, too
 * @param changed told each path that may have changed
 * @param failed told what keeps the watcher from going on
 */
export async function watchFiles(
  targets: Targets,
  since: number,
  changed: (path: string) => void,
  failed: (error: StepwellError) => void,
): Promise<FileWatcher> {
  const files = new Set<string>()
  let isReady = false
  const watcher = watch([...targets.roots], { ignored: (path) => !targets.isOnTheWay(path) })
  watcher.on('all', (event, path) => {
    if (event === 'add') files.add(path)
    else if (event === 'unlink') files.delete(path)
    if (isReady) changed(path)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  watcher.on('ready', resolve).on('error', (cause) => {
    // What cannot be read cannot be read by a step either, which says so.
    if (!SHORTAGES.has(String((cause as NodeJS.ErrnoException).code))) return
    resolve()
    failed(
      new StepwellError({
        code: 'STEPWELL_WATCH',
        summary: 'the files of the project cannot be watched',
        details: messageOf(cause),
        hint: 'let the system watch more files (on Linux: sysctl fs.inotify.max_user_watches), or narrow the patterns',
        cause,
      }),
    )
  })
  await promise
  isReady = true
  // What changed between being found and being watched was not told. A time of change cannot be set by
  // hand, as that of a modification can.
  for (const path of files) {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined || stats.ctimeMs >= since) changed(path)
  }
  return { files, close: async () => await watcher.close() }
}
