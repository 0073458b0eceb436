import type { Download, Downloads } from './downloads.ts'
import { StepwellError } from '@stepwell/base/errors'
import { shownUrl } from '../../define/shown-url.ts'

/** What was downloaded before; no server is asked. */
export class OfflineDownloads implements Downloads {
  readonly #downloads: Downloads

  constructor(downloads: Downloads) {
    this.#downloads = downloads
  }

  async fetch(url: string): Promise<Download> {
    return await this.recall(url)
  }

  /** @throws StepwellError STEPWELL_URL for what was never downloaded. */
  async recall(url: string): Promise<Download> {
    const known = await this.#downloads.recall(url)
    if (known !== undefined) return known
    throw new StepwellError({
      code: 'STEPWELL_URL',
      summary: `${shownUrl(url)} cannot be had`,
      details: 'it was never downloaded, and no server is asked offline',
      hint: 'run once without `--offline`',
    })
  }
}
