import { fileHolds, type ResolvedInput, type Sources } from './resolved-input.ts'
import { shownUrl } from '../../define/shown-url.ts'
import type { UrlHandle } from '../../define/inputs.ts'

/** @throws StepwellError STEPWELL_URL. */
export async function resolve(
  { url }: UrlHandle,
  sources: Sources,
  step: string,
): Promise<ResolvedInput> {
  const { path, digest } = await sources.download(url, step)
  const shown = shownUrl(url)
  return {
    fingerprint: { kind: 'url', url: shown, digest },
    job: { kind: 'url', url: shown, path, digest },
    record: { digest },
    holds: async () => await fileHolds(sources, path, digest),
  }
}

export function describe({ url }: UrlHandle): string {
  return shownUrl(url)
}
