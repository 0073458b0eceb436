import { dvcError } from '../dvc-error.ts'
import { readConfig, type DvcConfig } from './dvc-config.ts'
import { readDvcYaml, type DvcYaml } from './dvc-yaml.ts'
import { dvcIgnore, visitDvcFiles } from './find-files.ts'
import { locationKey } from './location.ts'
import { ProjectFiles } from './project-files.ts'
import { readSource, type Source } from './source.ts'
import { stageGraph, type StageGraph } from './stage-graph.ts'
import type { Stage } from './stage.ts'

/** All pipelines of a directory: plain data. */
export interface DvcProject {
  readonly root: string
  readonly config: DvcConfig
  readonly files: readonly DvcYaml[]
  /** The stages of all `dvc.yaml` files, in the order of the files and in that of each file. */
  readonly stages: readonly Stage[]
  readonly sources: readonly Source[]
  readonly graph: StageGraph
  /** How much there is of a resource: what the stages say under `meta.stepwell.limits`. */
  readonly limits: Readonly<Record<string, number>>
}

/**
 * Reads all `dvc.yaml` and `*.dvc` files below a directory and resolves all that is in them.
 * @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_TEMPLATE, STEPWELL_DVC_PARAMS,
 *   STEPWELL_DVC_UNSUPPORTED, STEPWELL_DVC_GRAPH, each naming file, line and column
 */
export function loadProject(
  root: string,
  reader: ProjectFiles = new ProjectFiles(root),
): DvcProject {
  const config = readConfig(reader)
  const files: DvcYaml[] = []
  const sources: Source[] = []
  visitDvcFiles(reader, dvcIgnore(root, reader.tree), (file) => {
    if (reader.kind(file) !== 'file') return []
    if (file.endsWith('.dvc')) {
      const source = readSource(file, reader)
      sources.push(source)
      return source.outs.map(({ location }) => locationKey(location))
    }
    const read = readDvcYaml(file, reader, config.flags)
    files.push(read)
    return read.stages.flatMap(({ outs }) => outs.map(({ location }) => locationKey(location)))
  })
  const stages = files.flatMap((file) => file.stages)
  const seen = new Set<string>()
  for (const { address, place } of stages) {
    if (seen.has(address)) {
      throw dvcError(place, {
        code: 'STEPWELL_DVC_GRAPH',
        summary: `there are two stages '${address}'`,
        hint: 'let stages and the members of foreach and matrix have names of their own',
      })
    }
    seen.add(address)
  }
  const graph = stageGraph([...sources, ...stages])
  return { root, config, files, stages, sources, graph, limits: limitsOf(stages) }
}

function limitsOf(stages: readonly Stage[]): Readonly<Record<string, number>> {
  const limits = new Map<string, number>()
  for (const { options, address, place } of stages) {
    for (const [name, limit] of Object.entries(options.limits)) {
      const before = limits.get(name) ?? limit
      if (before !== limit) {
        throw dvcError(place, {
          code: 'STEPWELL_DVC_YAML',
          summary: `'${address}' limits ${name} to ${limit}, another stage to ${before}`,
          hint: 'let one stage say how much there is of it',
        })
      }
      limits.set(name, limit)
    }
  }
  return Object.fromEntries(limits)
}
