import { CONTENT } from './content.ts'
import {
  anyMap,
  anything,
  either,
  flag,
  listOf,
  nothing,
  record,
  text,
  type Shape,
} from './shape.ts'

const REPO = record(
  'a repository',
  {
    url: text,
    rev: text,
    rev_lock: text,
    config: either(text, anyMap),
    remote: either(text, anyMap),
  },
  ['url'],
)
const DEP = record('a dependency', {
  ...CONTENT,
  persist: flag,
  repo: REPO,
  // A database that is imported from: known, and refused elsewhere.
  db: anyMap,
  fs_config: anyMap,
})
const OUT = record('an output', {
  ...CONTENT,
  persist: flag,
  cache: flag,
  remote: text,
  push: flag,
  desc: text,
  type: text,
  labels: listOf(text),
  meta: anything,
  fs_config: anyMap,
})

/** All of a `*.dvc` file. */
export const DVC_FILE: Shape = record('a map', {
  md5: either(text, nothing),
  wdir: either(text, nothing),
  deps: either(listOf(DEP), nothing),
  outs: either(listOf(OUT), nothing),
  locked: flag,
  frozen: flag,
  meta: anything,
  always_changed: flag,
  desc: text,
})
