import type { PipelineCode, StepCode } from '../../identity/code.ts'
import { digestText } from '@stepwell/base/digest'
import type { Pipeline } from '../../define/pipeline.ts'
import { definition, type Step } from '../../define/step.ts'
import { pinOf } from '../../define/work.ts'

/**
 * The code of a step that is pinned, or runs a command: nothing of what could be found counts. Two steps may
 * be pinned at the same text, so which step it is does; of a command, all that it does is in its key besides.
 */
export function pinnedCode(pipeline: Pipeline, name: string, step: Step): StepCode | undefined {
  const { work } = definition(step)
  const pin = pinOf(work)
  if (pin === undefined) return undefined
  const digest = digestText(`stepwell pinned code\n${pin}`)
  const site = 'run' in work ? `${pipeline.name}/${name}` : ''
  return { digest, pinned: pin, parts: {}, packages: {}, site, env: {}, doubts: [] }
}

/** The code of a pipeline of which nothing has to be looked for. */
export function allPinned(pipeline: Pipeline): PipelineCode | undefined {
  const steps = new Map<string, StepCode>()
  for (const [name, step] of pipeline.steps) {
    const code = pinnedCode(pipeline, name, step)
    if (code === undefined) return undefined
    steps.set(name, code)
  }
  const digest = digestText('stepwell no loading')
  return { loading: { digest, parts: {}, packages: {}, env: [] }, doubts: [], steps }
}
