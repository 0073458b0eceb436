import { Project } from './rig.ts'

export const PIPELINE = `
import { file, pipeline, step } from '@stepwell/engine'

export const read = step({
  description: 'read the words',
  inputs: { text: file('words.txt') },
  run: ({ text }, { log }) => {
    log('reading')
    return text.text().trim().split(/\\s+/)
  },
})
export const count = step({
  inputs: { words: read },
  params: { factor: 1 },
  run: ({ words }, { params, metric }) => {
    metric('words', words.length)
    return { n: words.length * params.factor, longest: Math.max(...words.map((w) => w.length)) }
  },
})
export const report = step({ inputs: { n: count.pick('n') }, run: ({ n }) => \`\${n} words\` })
export default pipeline('words', { read, count, report })
`

/** A project of three steps in a row. */
export function words(): Project {
  const project = new Project()
  project.write('words.txt', 'the quick brown fox\n')
  project.write('pipeline.ts', PIPELINE)
  return project
}
