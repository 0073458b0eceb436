import { command, file, pipeline } from '@stepwell/engine'

// A script that a command names counts: edit it, and its step runs again.
export const collect = command({
  description: 'read the file',
  cmd: ['python3', 'scripts/collect.py', '{inputs.csv}', '{outs.rows}'],
  inputs: { csv: file('data/houses.csv') },
  outs: { rows: file('work/rows.json') },
})

export const clean = command({
  description: 'drop rows with gaps',
  cmd: ['python3', 'scripts/clean.py', '{inputs.rows}', '{outs.rows}'],
  inputs: { rows: collect.out('rows') },
  outs: { rows: file('work/clean.json') },
})

export const train = command({
  description: 'fit a model',
  cmd: ['python3', 'scripts/train.py', '{inputs.rows}', '{params}', '{outs.model}'],
  inputs: { rows: clean.out('rows') },
  params: { test_every: 5, trees: 100, seed: 1 },
  outs: { model: file('work/model.pickle') },
})

export const evaluate = command({
  description: 'score it on rows that it has not seen',
  cmd: ['python3', 'scripts/evaluate.py', '{inputs.rows}', '{inputs.model}', '{params}'],
  inputs: { rows: clean.out('rows'), model: train.out('model') },
  params: { test_every: 5 },
  // What it prints is the output of the step.
  stdout: 'json',
})

export const deploy = command({
  description: 'put the model where others find it, if it is good enough',
  cmd: [
    'python3',
    'scripts/deploy.py',
    '{inputs.model}',
    '{inputs.scores}',
    '{params}',
    '{outs.model}',
  ],
  inputs: { model: train.out('model'), scores: evaluate },
  params: { min_r2: 0.7 },
  outs: { model: file('deployed/model.pickle') },
})

export default pipeline('houses', { collect, clean, train, evaluate, deploy })
