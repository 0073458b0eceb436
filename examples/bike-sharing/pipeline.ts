// Hourly bike rentals: learn from 2011, deploy if good enough, and watch 2012 drift away.
import { file, pipeline, step } from '@stepwell/engine'
import {
  deployModel,
  dropMissing,
  evaluateRegression,
  metricGate,
  monitorModel,
  readCsv,
  splitRows,
  trainRegression,
} from '@stepwell/steps'

export const collect = step({
  description: 'read the CSV',
  inputs: { csv: file('data/hour.csv') },
  run: readCsv,
})

export const clean = step({
  description: 'drop rows with missing cells',
  inputs: { rows: collect },
  params: { tokens: ['', 'NA'] },
  run: dropMissing,
})

export const years = step({
  description: 'tell 2011 from 2012',
  inputs: { rows: clean },
  params: { by: 'column', column: 'yr', train: [0], test: [1] },
  run: splitRows,
})

export const split = step({
  description: 'keep every fifth hour of 2011 for the test',
  inputs: { rows: years.pick('train') },
  params: { by: 'index', every: 5, remainder: 4 },
  run: splitRows,
})

export const train = step({
  description: 'fit a linear model',
  inputs: { rows: split.pick('train') },
  params: {
    kind: 'linear',
    target: 'cnt',
    // prettier-ignore
    features: ['season', 'mnth', 'hr', 'holiday', 'weekday', 'workingday',
      'weathersit', 'temp', 'atemp', 'hum', 'windspeed'],
  },
  run: trainRegression,
})

export const evaluate = step({
  description: 'score it on the test hours',
  inputs: { model: train, rows: split.pick('test') },
  run: evaluateRegression,
})

export const gate = step({
  description: 'stop a bad model',
  inputs: { metrics: evaluate },
  params: { metric: 'r2', min: 0.3 },
  run: metricGate,
})

export const deploy = step({
  description: 'switch to the new version',
  inputs: { model: train, metrics: evaluate, gate },
  params: { dir: 'deployed', name: 'bike-demand' },
  run: deployModel,
})

export const monitor = step({
  description: 'watch 2012 month by month',
  inputs: {
    model: train,
    deployment: deploy,
    training: split.pick('train'),
    period: years.pick('test'),
  },
  params: { windows: ['mnth'], log: 'monitor/performance.ndjson' },
  run: monitorModel,
})

export default pipeline('bike-sharing', {
  collect,
  clean,
  years,
  split,
  train,
  evaluate,
  gate,
  deploy,
  monitor,
})
