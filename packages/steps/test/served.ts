import type { PredictionLine, RefusalLine } from '@stepwell/registry'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  monitorPredictions,
  promoteModel,
  type MonitorPredictionsInputs,
  type MonitorPredictionsParams,
  type PredictionReport,
  type PromoteModelInputs,
} from '../src/index.ts'
import { contextOf, projectDir, realFile } from './support.ts'

export type ServedLine = PredictionLine | RefusalLine

export const DAY: number = 24 * 60 * 60 * 1000
/** A Monday. */
export const START: number = Date.UTC(2024, 0, 1)

interface Monitored {
  readonly report: PredictionReport
  readonly page: string
  readonly summary: string
  readonly log: string
  readonly logged: readonly string[]
  readonly metrics: Readonly<Record<string, number>>
}

/** A project with a registry, in which a log of predictions is monitored. */
export class ServedProject {
  readonly dir: string = projectDir()
  readonly name: string

  constructor(name: string = 'line') {
    this.name = name
  }

  /** Registers a version, and says its id. */
  async register(inputs: PromoteModelInputs): Promise<string> {
    const { version } = await promoteModel(inputs, contextOf({ name: this.name }, this.dir))
    return version
  }

  /** A row that was answered. */
  line(version: string, given: Partial<PredictionLine>): PredictionLine {
    const { at = START, request = 'q', row = 0, features = {}, prediction = 0, ms = 1 } = given
    return { ...given, at, request, row, model: this.name, version, features, prediction, ms }
  }

  /** A row that was refused. */
  refusal(
    version: string,
    given: Pick<RefusalLine, 'refused'> & Partial<RefusalLine>,
  ): RefusalLine {
    return { at: START, request: 'refused', row: 0, ...given, model: this.name, version }
  }

  /**
   * Monitors a log.
   * @param log its files; a text stands for itself
   */
  async monitor(
    log: readonly (readonly (ServedLine | string)[])[],
    params: Partial<MonitorPredictionsParams> = {},
    inputs: Omit<MonitorPredictionsInputs, 'predictions'> = {},
  ): Promise<Monitored> {
    const folder = join(this.dir, 'predictions')
    mkdirSync(folder, { recursive: true })
    const files = log.map((lines, place) => {
      const path = join(folder, `${place}.ndjson`)
      const texts = lines.map((line) =>
        typeof line === 'string' ? line : `${JSON.stringify(line)}\n`,
      )
      writeFileSync(path, texts.join(''))
      return realFile(path, `predictions/${place}.ndjson`)
    })
    const out = (name: string): string => join(this.dir, name)
    const context = contextOf({ name: this.name, ...params }, this.dir)
    const outs = {
      report: out('report.html'),
      summary: out('summary.json'),
      log: out('log.ndjson'),
    }
    // Of a directory, or as a glob gives them.
    const predictions =
      files.length === 1 ? { path: 'predictions', location: folder, files } : files
    const report = await monitorPredictions({ predictions, ...inputs }, { ...context, outs })
    return {
      report,
      page: readFileSync(outs.report, 'utf8'),
      summary: readFileSync(outs.summary, 'utf8'),
      log: readFileSync(outs.log, 'utf8'),
      logged: context.logged,
      metrics: Object.fromEntries(context.metrics),
    }
  }
}
