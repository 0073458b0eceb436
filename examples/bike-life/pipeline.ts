// The whole life of a model: trained on 2011, served, watched through 2012, and updated when it no longer fits.
// `npm run story` at the root of the repository plays it.
import { file, glob, pipeline, step } from '@stepwell/engine'
import { loop, onDrift, onNewData } from '@stepwell/loop'
import * as steps from '@stepwell/steps'
import { newest, type Hour } from './hours.ts'

const inbox = glob('work/inbox/*.csv')

export const arrivals = step.map({
  description: 'read each file that has arrived',
  over: inbox,
  run: ({ item }, context) => steps.readCsv({ csv: item }, context),
})

export const hours = step({
  description: 'put the hours in one table',
  inputs: { arrivals },
  run: (inputs) => inputs.arrivals.flat() as Hour[],
})

export const periods = step({
  description: 'seven months to learn from, and the newest two weeks to be judged by',
  inputs: { hours },
  params: { learn: 210, judge: 14 },
  run: (inputs, { params }) => {
    const judged = newest(inputs.hours, params.judge)
    const learned = newest(inputs.hours.slice(0, -judged.length), params.learn)
    return { learned, judged }
  },
})

export const train = step({
  description: 'train the challenger',
  inputs: { rows: periods.pick('learned') },
  params: {
    kind: 'boosting',
    rounds: 40,
    rate: 0.2,
    depth: 5,
    target: 'cnt',
    // prettier-ignore
    features: ['mnth', 'hr', 'holiday', 'weekday', 'workingday', 'weathersit', 'temp', 'hum', 'windspeed'],
  },
  run: steps.trainRegression,
})

export const champion = step({
  description: 'find the model that is served now',
  inputs: { moves: glob('models/bikes/aliases/champion/*.json', { optional: true }) },
  params: { name: 'bikes' },
  run: steps.findChampion,
})

export const evaluate = step({
  description: 'score both on the newest weeks',
  inputs: { model: train, rows: periods.pick('judged'), champion: champion.pick('model') },
  run: steps.evaluateModel,
})

export const gate = step({
  description: 'let the challenger pass only if it is better',
  inputs: { metrics: evaluate.pick('metrics'), champion: evaluate.pick('champion') },
  params: { metric: 'rmse', better: 'lower', max: 150 },
  run: steps.metricGate,
})

export const promote = step({
  description: 'make it the champion, which the server follows',
  inputs: {
    model: train,
    metrics: evaluate.pick('metrics'),
    gate,
    training: periods.pick('learned'),
  },
  params: { name: 'bikes', bounds: { hr: { min: 0, max: 23, integer: true } } },
  run: steps.promoteModel,
})

export const first = step({
  description: 'find the first model, to compare with what never was updated',
  inputs: { moves: glob('models/bikes/aliases/first/*.json', { optional: true }) },
  params: { name: 'bikes', alias: 'first' },
  run: steps.findChampion,
})

export const monitor = step({
  description: 'watch the predictions week by week',
  inputs: {
    predictions: glob('predictions/bikes/*.ndjson', { optional: true }),
    labels: hours,
    baseline: first.pick('model'),
  },
  outs: {
    report: file('work/monitor.html'),
    summary: file('work/monitor.json'),
    log: file('work/monitor.ndjson'),
  },
  params: {
    name: 'bikes',
    title: 'Bike rentals through 2012',
    time: 'dteday',
    window: '1 week',
    join: ['dteday', 'hr'],
    like: ['mnth'],
    columns: ['hr', 'weekday', 'workingday'],
    errorWarn: 1.15,
    errorAlert: 1.3,
  },
  run: steps.monitorPredictions,
})

const bikes = pipeline('bikes', {
  arrivals,
  hours,
  periods,
  train,
  champion,
  evaluate,
  gate,
  promote,
  first,
  monitor,
})
export default bikes

export const updates = loop(bikes, {
  triggers: {
    arrived: onNewData(inbox, { run: [monitor], every: '50 ms' }),
    drifted: onDrift(monitor, { run: [promote], from: 'warn' }),
  },
})
