import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StepwellError } from '@stepwell/engine'

const MAX_OUTPUT = 64 * 1024 * 1024
const MOST_PATHS = 10

/**
 * Gets data from the remote of a project by `dvc pull`, with the `dvc` on the PATH or that of STEPWELL_DVC.
 * What the remote lacks stays missing.
 *
 * @param paths relative to the root
 * @throws StepwellError STEPWELL_DVC_PULL where there is no dvc, or it fails
 */
export async function pull(root: string, paths: readonly string[]): Promise<void> {
  const dvc = process.env['STEPWELL_DVC'] || 'dvc'
  try {
    await promisify(execFile)(dvc, ['pull', '--allow-missing', '--', ...paths], {
      cwd: root,
      maxBuffer: MAX_OUTPUT,
    })
  } catch (cause) {
    const { code, stderr } = cause as { readonly code?: unknown; readonly stderr?: unknown }
    const isThere = code !== 'ENOENT'
    const more = paths.length > MOST_PATHS ? ` and ${paths.length - MOST_PATHS} more` : ''
    const listed = `${paths.slice(0, MOST_PATHS).join(', ')}${more}`
    throw new StepwellError({
      code: 'STEPWELL_DVC_PULL',
      summary: isThere
        ? `dvc pull failed for ${listed}`
        : `data is missing, and there is no command ${dvc} to get it`,
      details: isThere ? String(stderr).trim() || String(cause) : listed,
      hint: isThere
        ? 'see to it that dvc pull works here'
        : 'install DVC, name its command by STEPWELL_DVC, or leave out --pull',
      cause,
    })
  }
}
