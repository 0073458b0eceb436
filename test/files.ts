import { Project } from './rig.ts'

const PIPELINE = `
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dir, file, glob, pipeline, step } from '@stepwell/engine'

const make = step({
  inputs: { sources: glob('src/*.txt') },
  params: { size: 10 },
  outs: { table: file('out/table.csv'), parts: dir('out/parts') },
  run: ({ sources }, { outs, params }) => {
    writeFileSync(outs.table, sources.map((source) => source.text()).join(',').padEnd(params.size, '.'))
    for (const [index, source] of sources.entries()) {
      mkdirSync(join(outs.parts, 'deep', String(index % 3)), { recursive: true })
      writeFileSync(join(outs.parts, 'deep', String(index % 3), index + '.txt'), source.text().padEnd(params.size, '.'))
    }
    return sources.length
  },
})
const sum = step({
  inputs: { parts: make.out('parts'), n: make },
  outs: { report: file('report.txt') },
  run: ({ parts, n }, { outs }) => {
    writeFileSync(outs.report, n + ': ' + parts.files.map((part) => part.text().slice(0, 5)).join(' '))
    return parts.files.length
  },
})
const read = step({ inputs: { table: make.out('table'), report: sum.out('report') }, run: ({ table, report }) => table.text().length + report.text() })
export default pipeline('files', { make, sum, read })
`

/** A project whose steps leave files and directories. */
export function files(at?: string): Project {
  const project = new Project(at)
  for (const name of ['a', 'b', 'c', 'd']) project.write(`src/${name}.txt`, name)
  project.write('pipeline.ts', PIPELINE)
  return project
}

/** All that its steps leave in the project. */
export function left(project: Project): Record<string, string> {
  return { ...project.tree('out'), 'report.txt': project.read('report.txt') }
}
