import type { CodeParts, Doubt, PipelineCode } from '../identity/code.ts'

/** What the analysis found behind a step, for people. */
export interface CodeReport {
  readonly step: string
  /** What stands for its code: then nothing else of it counts. */
  readonly pinned?: string
  /** What its function reaches. */
  readonly own: ReportedCode
  /** What modules do while they are loaded: it counts for every step of the pipeline. */
  readonly loading: ReportedCode
  /** Why its outputs are not cached, if they are not. */
  readonly doubts: readonly Doubt[]
}

export interface ReportedCode {
  readonly files: readonly ReportedFile[]
  /** By name, with their versions. */
  readonly packages: Readonly<Record<string, string>>
  /** Names of environment variables. */
  readonly env: readonly string[]
}

export interface ReportedFile {
  /** Relative to the project, with forward slashes. */
  readonly file: string
  readonly parts: readonly ReportedPart[]
}

export interface ReportedPart {
  readonly name: string
  /** From 1; a file that counts whole has none. */
  readonly lines?: readonly [first: number, last: number]
}

/** @param step the name of a step of that pipeline */
export function reportCode({ loading, doubts, steps }: PipelineCode, step: string): CodeReport {
  const code = steps.get(step)
  if (code === undefined) throw new TypeError(`the code of step \`${step}\` was not analysed`)
  if (code.pinned !== undefined) {
    const none: ReportedCode = { files: [], packages: {}, env: [] }
    return { step, pinned: code.pinned, own: none, loading: none, doubts: [] }
  }
  const outside = new Set(loading.env)
  return {
    step,
    own: reported(
      code,
      Object.keys(code.env).filter((name) => !outside.has(name)),
    ),
    loading: reported(loading, loading.env),
    doubts: [...doubts, ...code.doubts],
  }
}

function reported({ packages, places = {} }: CodeParts, env: readonly string[]): ReportedCode {
  const files = new Map<string, ReportedPart[]>()
  for (const { label, file, lines } of Object.values(places)) {
    const parts = files.get(file) ?? []
    files.set(file, parts)
    parts.push({ name: label, ...(lines !== undefined && { lines }) })
  }
  return {
    files: [...files]
      .map(([file, parts]) => ({ file, parts: parts.toSorted(byLine) }))
      .toSorted((a, b) => (a.file < b.file ? -1 : 1)),
    packages,
    env,
  }
}

function byLine({ lines: a }: ReportedPart, { lines: b }: ReportedPart): number {
  return (a?.[0] ?? 0) - (b?.[0] ?? 0) || (a?.[1] ?? 0) - (b?.[1] ?? 0)
}
