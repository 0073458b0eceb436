import { writeFile } from 'node:fs/promises'
import { file, pipeline, step } from '@stepwell/engine'
import { fit, score } from './lib/model.ts'
import { complete, parse } from './lib/rows.ts'

export const collect = step({
  description: 'read the file',
  inputs: { csv: file('data/houses.csv') },
  run: ({ csv }) => parse(csv.text()),
})

export const clean = step({
  description: 'drop rows with gaps',
  inputs: { rows: collect },
  run: ({ rows }) => complete(rows),
})

export const train = step({
  description: 'fit a line',
  inputs: { rows: clean },
  params: { testEvery: 5 },
  run: ({ rows }, { params }) => fit(rows.filter((_, index) => index % params.testEvery !== 0)),
})

export const evaluate = step({
  description: 'score it on rows that it has not seen',
  inputs: { rows: clean, model: train },
  params: { testEvery: 5 },
  run: ({ rows, model }, { params, metric }) => {
    const scores = score(
      model,
      rows.filter((_, index) => index % params.testEvery === 0),
    )
    metric('r2', scores.r2)
    return scores
  },
})

export const deploy = step({
  description: 'put the model where others find it',
  inputs: { model: train, scores: evaluate },
  params: { minR2: 0.7 },
  outs: { model: file('deployed/model.json') },
  run: async ({ model, scores }, { params, outs }) => {
    // A step that throws stops what follows, and what was deployed before stays.
    if (scores.r2 < params.minR2) throw new Error(`r2 is ${scores.r2}, below ${params.minR2}`)
    await writeFile(outs.model, JSON.stringify(model, null, 2))
    return { deployed: true }
  },
})

export default pipeline('houses', { collect, clean, train, evaluate, deploy })
