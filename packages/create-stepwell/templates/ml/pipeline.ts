import { file, glob, pipeline, step } from '@stepwell/engine'
import { loop, onDrift } from '@stepwell/loop'
import * as steps from '@stepwell/steps'
import { FEATURES, featuresOf } from './lib/features.ts'

export const collect = step({
  description: 'read the customers',
  inputs: { csv: file('data/customers.csv') },
  run: steps.readCsv,
})

export const clean = step({
  description: 'fill gaps, turn categories into numbers',
  inputs: { rows: collect },
  params: { today: '2026-10-01', monthly: 60 },
  run: ({ rows }, { params }) => rows.map((row) => featuresOf(row, params)),
})

export const split = step({
  description: 'keep a fifth for the test',
  inputs: { rows: clean },
  params: { by: 'random', train: 0.8, seed: 7 },
  run: steps.splitRows,
})

export const train = step({
  description: 'train a classifier',
  inputs: { rows: split.pick('train') },
  params: {
    kind: 'boostingClassifier',
    features: [...FEATURES],
    target: 'churned',
    rounds: 60,
    rate: 0.1,
    depth: 3,
  },
  run: steps.trainClassifier,
})

export const evaluate = step({
  description: 'score it on the rows kept for the test',
  inputs: { model: train, rows: split.pick('test') },
  params: { positive: 'yes' },
  run: steps.evaluateModel,
})

export const check = step({
  description: 'let only a good model pass',
  inputs: { metrics: evaluate.pick('metrics') },
  params: { metric: 'rocAuc', min: 0.7 },
  run: steps.metricGate,
})

export const deploy = step({
  description: 'make it the model that is served',
  inputs: {
    model: train,
    metrics: evaluate.pick('metrics'),
    gate: check,
    training: split.pick('train'),
  },
  params: { name: 'churn' },
  run: steps.promoteModel,
})

export const monitor = step({
  description: 'compare what is asked of the server with what the model learned from',
  inputs: {
    predictions: glob('predictions/churn/*.ndjson', { optional: true }),
    // It looks at the model that is deployed.
    deployed: deploy,
  },
  outs: {
    report: file('monitoring/report.html'),
    summary: file('monitoring/summary.json'),
    log: file('monitoring/windows.ndjson'),
  },
  params: { name: 'churn', window: '1 day' },
  run: steps.monitorPredictions,
})

const churn = pipeline('churn', { collect, clean, split, train, evaluate, check, deploy, monitor })
export default churn

// `npx stepwell schedule` keeps this up: it looks at the predictions, and trains again when they drift.
export const updates = loop(churn, {
  triggers: { drifted: onDrift(monitor, { run: [deploy] }) },
})
