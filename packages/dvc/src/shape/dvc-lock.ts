import { CONTENT } from './content.ts'
import {
  anyList,
  anyMap,
  anything,
  either,
  listOf,
  mapOf,
  record,
  text,
  type Shape,
} from './shape.ts'

const DATA = record('an entry with a path', { ...CONTENT, dataset: anyMap }, ['path'])

/** One stage of a `dvc.lock`. */
const LOCKED_STAGE: Shape = record(
  'a stage',
  {
    cmd: either({ ...text, expected: 'a command' }, anyList),
    deps: listOf(DATA),
    params: mapOf(mapOf(anything)),
    outs: listOf(DATA),
  },
  ['cmd'],
)

/** All of a `dvc.lock`. */
export const DVC_LOCK: Shape = record(
  'a map',
  {
    schema: {
      expected: `'2.0', the only version there is`,
      fits: ({ value }) => value === '2.0',
    },
    datasets: anything,
    stages: mapOf(LOCKED_STAGE),
  },
  ['schema'],
)
