import { child, type YamlNode } from '../format/node.ts'
import {
  anyList,
  anyMap,
  anything,
  either,
  flag,
  listOf,
  mapOf,
  nothing,
  record,
  text,
  type Shape,
} from './shape.ts'

const SHORT_TEXT: Shape = { ...text, expected: 'text' }
const ANNOTATIONS = { desc: text, type: text, labels: listOf(SHORT_TEXT), meta: anything }
const OUT_FLAGS = {
  ...ANNOTATIONS,
  cache: flag,
  persist: flag,
  checkpoint: flag,
  remote: text,
  push: flag,
}
const PLOT_FLAGS = {
  template: text,
  x: text,
  y: text,
  x_label: text,
  y_label: text,
  title: text,
  header: flag,
}
const OUT = either(
  { ...text, expected: 'a path' },
  mapOf(record('a map of flags of the output', OUT_FLAGS)),
)
const PLOT = either(
  { ...text, expected: 'a path' },
  mapOf(record('a map of flags of the plot', { ...OUT_FLAGS, ...PLOT_FLAGS })),
)
const VARS = listOf(either({ ...text, expected: 'the path of a file' }, anyMap))

const STAGE_FIELDS = {
  cmd: either({ ...text, expected: 'a command' }, listOf({ ...text, expected: 'a command' })),
  wdir: text,
  deps: listOf({ ...text, expected: 'a path' }),
  params: listOf(
    either({ ...text, expected: 'the name of a param' }, mapOf(either(anyList, nothing))),
  ),
  vars: VARS,
  frozen: flag,
  meta: anything,
  desc: text,
  always_changed: flag,
  outs: listOf(OUT),
  metrics: listOf(OUT),
  plots: listOf(PLOT),
}
const DO = record('a stage', STAGE_FIELDS, ['cmd'])
const ONE_STAGE = record(
  'a stage',
  { ...STAGE_FIELDS, matrix: mapOf(either({ ...text, expected: 'a template' }, anyList)) },
  ['cmd'],
)
const FOREACH = record(
  'a stage with foreach',
  { foreach: either(anyMap, anyList, { ...text, expected: 'a template' }), do: DO },
  ['foreach', 'do'],
)
const isForeach = (node: YamlNode): boolean =>
  child(node, 'foreach') !== undefined || child(node, 'do') !== undefined
const STAGE: Shape = {
  expected: 'a stage',
  fits: (node) => node.kind === 'map',
  within: (node, yaml) => (isForeach(node) ? FOREACH : ONE_STAGE).within?.(node, yaml),
}

const AXIS = either(text, mapOf(SHORT_TEXT))
const TEXTS = either(text, listOf(SHORT_TEXT))
const TOP_PLOT = either(
  { ...text, expected: 'a path' },
  mapOf(
    either(
      record('a map of what to plot', {
        x: AXIS,
        y: either(TEXTS, mapOf(TEXTS)),
        x_label: text,
        y_label: text,
        title: text,
        template: text,
      }),
      nothing,
    ),
  ),
)

/** All of a `dvc.yaml`. `datasets` are known, and refused elsewhere. */
export const DVC_YAML: Shape = record('a map', {
  stages: mapOf(STAGE),
  vars: VARS,
  params: listOf({ ...text, expected: 'a path' }),
  metrics: listOf({ ...text, expected: 'a path' }),
  plots: listOf(TOP_PLOT),
  artifacts: mapOf(record('an artifact', { path: text, ...ANNOTATIONS }, ['path'])),
  datasets: anything,
})
