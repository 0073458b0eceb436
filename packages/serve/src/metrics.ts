import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** What a server counts, for Prometheus. */
export interface Metrics {
  /** @param route as declared, never as asked for: anybody can ask for anything. */
  readonly answered: (route: string, status: number, seconds: number) => void
  readonly inFlight: (count: number) => void
  readonly predicted: (
    version: string,
    rows: number,
    beyond: readonly (readonly string[])[],
  ) => void
  readonly refused: (fields: readonly (string | null)[]) => void
  readonly serving: (version: string) => void
  readonly logged: (lines: number, dropped: number) => void
  readonly contentType: string
  readonly text: () => Promise<string>
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

export function createMetrics(model: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ model })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Counter({
    name: 'stepwell_requests_total',
    help: 'Requests by route and status; 499: the client went away.',
    labelNames: ['route', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'stepwell_request_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers,
  })
  const flying = new Gauge({
    name: 'stepwell_requests_in_flight',
    help: 'Predictions under way.',
    registers,
  })
  const predictions = new Counter({
    name: 'stepwell_predictions_total',
    help: 'Rows predicted, by version.',
    labelNames: ['version'],
    registers,
  })
  const beyond = new Counter({
    name: 'stepwell_inputs_beyond_training_total',
    help: 'Values beyond the range of the training rows, by feature.',
    labelNames: ['feature'],
    registers,
  })
  const refused = new Counter({
    name: 'stepwell_inputs_refused_total',
    help: 'Values that the schema of the model does not allow, by feature.',
    labelNames: ['feature'],
    registers,
  })
  const info = new Gauge({
    name: 'stepwell_model_info',
    help: '1 for the version that answers now.',
    labelNames: ['version'],
    registers,
  })
  const switches = new Counter({
    name: 'stepwell_model_loads_total',
    help: 'How often a version was loaded, the first one included.',
    registers,
  })
  const lines = new Counter({
    name: 'stepwell_log_lines_total',
    help: 'Lines of the log of predictions.',
    registers,
  })
  const dropped = new Counter({
    name: 'stepwell_log_dropped_total',
    help: 'Lines that are missing in the log, since it could not be written fast enough.',
    registers,
  })
  return {
    answered: (route, status, time) => {
      requests.inc({ route, status })
      seconds.observe({ route }, time)
    },
    inFlight: (count) => flying.set(count),
    predicted: (version, rows, outside) => {
      predictions.inc({ version }, rows)
      for (const feature of outside.flat()) beyond.inc({ feature })
    },
    refused: (fields) => {
      for (const field of fields) refused.inc({ feature: field ?? '' })
    },
    serving: (version) => {
      info.reset()
      info.set({ version }, 1)
      switches.inc()
    },
    logged: (written, lost) => {
      lines.inc(written)
      dropped.inc(lost)
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}
