import type { Cli } from '../cli.ts'
import * as accept from './accept.ts'
import * as cache from './cache.ts'
import * as clean from './clean.ts'
import * as code from './code.ts'
import * as diff from './diff.ts'
import * as explain from './explain.ts'
import * as gc from './gc.ts'
import * as graph from './graph.ts'
import * as init from './init.ts'
import * as logs from './logs.ts'
import * as metrics from './metrics.ts'
import * as model from './model.ts'
import * as params from './params.ts'
import * as plan from './plan.ts'
import * as plots from './plots.ts'
import * as repro from './repro.ts'
import * as restore from './restore.ts'
import * as run from './run.ts'
import * as runs from './runs.ts'
import * as schedule from './schedule.ts'
import * as serve from './serve.ts'
import * as status from './status.ts'
import * as watch from './watch.ts'

/** All commands, as `--help` lists them. */
export const COMMANDS: readonly { readonly register: (cli: Cli) => void }[] = [
  init,
  run,
  repro,
  watch,
  schedule,
  plan,
  status,
  explain,
  code,
  accept,
  graph,
  runs,
  diff,
  restore,
  clean,
  gc,
  cache,
  logs,
  metrics,
  params,
  plots,
  model,
  serve,
]
