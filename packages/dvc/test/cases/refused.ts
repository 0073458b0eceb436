import type { RefusedCase } from '../project-case.ts'

const stage = (fields: string): string => `stages:\n  s:\n    cmd: echo 1\n${fields}`

/** What is an error: in DVC, and here with its place. */
export const REFUSED_CASES: readonly RefusedCase[] = [
  {
    name: 'syntax',
    files: { 'dvc.yaml': 'stages:\n  s:\n    cmd: [echo\n' },
    code: 'STEPWELL_DVC_YAML',
    says: 'dvc.yaml:4:1: the YAML cannot be read',
  },
  {
    name: 'duplicate-key',
    files: { 'dvc.yaml': 'stages:\n  s:\n    cmd: echo 1\n  s:\n    cmd: echo 2\n' },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:4:3: the key 's' is there twice; expected each key once",
  },
  {
    name: 'unknown-key',
    files: { 'dvc.yaml': stage('    output: [a]\n') },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:4:5: unknown key 'output'; expected one of: cmd, wdir, deps",
  },
  {
    name: 'unknown-top-key',
    files: { 'dvc.yaml': `${stage('')}stagesx: {}\n` },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:4:1: unknown key 'stagesx'",
  },
  {
    name: 'no-cmd',
    files: { 'dvc.yaml': 'stages:\n  s:\n    deps: [a]\n' },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:3:5: 'cmd' is missing",
  },
  {
    name: 'deps-not-a-list',
    files: { 'dvc.yaml': stage('    deps: a.txt\n') },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:4:11: 'deps' is text; expected a list of a path",
  },
  {
    name: 'yes-is-text',
    files: { 'dvc.yaml': stage('    frozen: yes\n') },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:4:13: 'frozen' is text; expected true or false",
  },
  {
    name: 'templated-flag',
    files: {
      'params.yaml': 'c: true\n',
      'dvc.yaml': stage('    outs:\n      - a:\n          cache: ${c}\n'),
    },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:6:18: 'cache' is text; expected true or false",
  },
  {
    name: 'numeric-dep',
    files: { 'dvc.yaml': stage('    deps: [1]\n') },
    code: 'STEPWELL_DVC_YAML',
    says: 'dvc.yaml:4:12: item 1 is a number (1); expected a path',
  },
  {
    name: 'unknown-flag',
    files: { 'dvc.yaml': stage('    outs:\n      - a: {cached: false}\n') },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:5:13: unknown key 'cached'",
  },
  {
    name: 'foreach-without-do',
    files: { 'dvc.yaml': 'stages:\n  s:\n    foreach: [a]\n    cmd: echo\n' },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:4:5: unknown key 'cmd'; expected one of: foreach, do",
  },
  {
    name: 'unknown-name',
    files: { 'params.yaml': 'a: 1\n', 'dvc.yaml': 'stages:\n  s:\n    cmd: echo ${b.c}\n' },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:3:10: could not find 'b.c'; expected one of: a",
  },
  {
    name: 'no-expression',
    files: { 'params.yaml': 'a: 1\n', 'dvc.yaml': 'stages:\n  s:\n    cmd: echo ${a..b}\n' },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:3:10: '${a..b}' is not a path to a value",
  },
  {
    name: 'list-in-text',
    files: { 'params.yaml': 'a: [1]\n', 'dvc.yaml': 'stages:\n  s:\n    cmd: echo ${a}\n' },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:3:10: 'a' is a list, which cannot be part of a text",
  },
  {
    name: 'map-outside-of-cmd',
    files: { 'params.yaml': 'a: {b: 1}\n', 'dvc.yaml': stage('    deps: ["${a}"]\n') },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:4:12: 'a' is a map",
  },
  {
    name: 'nested-list-in-flags',
    files: { 'params.yaml': 'a: {b: [[1]]}\n', 'dvc.yaml': 'stages:\n  s:\n    cmd: echo ${a}\n' },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:3:10: 'b' holds a list inside of a list",
  },
  {
    name: 'redefined',
    files: { 'params.yaml': 'a: {x: 1}\n', 'dvc.yaml': `vars:\n  - a: {x: 2}\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:2:5: cannot redefine 'a.x' from 'vars[0]' as it already exists in 'params.yaml'",
  },
  {
    name: 'stage-vars-conflict',
    files: { 'params.yaml': 'a: 1\n', 'dvc.yaml': stage('    vars:\n      - a: 2\n') },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:5:9: cannot redefine 'a' from 's.vars[0]'",
  },
  {
    name: 'partial-then-full',
    files: { 'm.yaml': 'a: 1\n', 'dvc.yaml': `vars: [m.yaml:a, m.yaml]\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:1:18: cannot load 'm.yaml' as it is partially loaded already",
  },
  {
    name: 'full-then-partial',
    files: { 'm.yaml': 'a: 1\n', 'dvc.yaml': `vars: [m.yaml, m.yaml:a]\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:1:16: cannot partially load 'm.yaml:a' as it is already loaded",
  },
  {
    name: 'vars-file-missing',
    files: { 'dvc.yaml': `vars: [m.yaml]\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:1:8: 'm.yaml' does not exist",
  },
  {
    name: 'vars-key-missing',
    files: { 'm.yaml': 'a: 1\n', 'dvc.yaml': `vars: [m.yaml:b]\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:1:8: could not find 'b' in 'm.yaml'",
  },
  {
    name: 'vars-template',
    files: { 'params.yaml': 'a: 1\n', 'dvc.yaml': `vars:\n  - b: \${a}\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: 'dvc.yaml:2:5: there is no ${...} in vars',
  },
  {
    name: 'vars-list-file',
    files: { 'm.json': '[1]', 'dvc.yaml': `vars: [m.json]\n${stage('')}` },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:1:8: expected a map in the file 'm.json', found a list",
  },
  {
    name: 'vars-broken-file',
    files: { 'm.json': '{"a": 1,\n "b": }', 'dvc.yaml': `vars: [m.json]\n${stage('')}` },
    code: 'STEPWELL_DVC_PARAMS',
    says: 'm.json:2:7: the JSON cannot be read; expected a value',
  },
  {
    name: 'broken-toml',
    files: { 'm.toml': 'a = 1\nb = \n', 'dvc.yaml': `vars: [m.toml]\n${stage('')}` },
    code: 'STEPWELL_DVC_PARAMS',
    says: 'm.toml:2:',
  },
  {
    name: 'foreach-over-text',
    files: {
      'params.yaml': 'a: text\n',
      'dvc.yaml': 'stages:\n  s:\n    foreach: ${a}\n    do: {cmd: echo}\n',
    },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: 'dvc.yaml:3:14: found text; expected a list or a map behind foreach',
  },
  {
    name: 'key-in-foreach-list',
    files: { 'dvc.yaml': 'stages:\n  s:\n    foreach: [a]\n    do: {cmd: "echo ${key}"}\n' },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:4:15: could not find 'key'; expected one of: item",
  },
  {
    name: 'item-redefined',
    files: {
      'dvc.yaml':
        'stages:\n  s:\n    foreach: [a]\n    do:\n      cmd: echo\n      vars:\n        - item: 1\n',
    },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:7:11: 'item' cannot be set in s@a.vars[0]",
  },
  {
    name: 'item-with-at',
    files: { 'dvc.yaml': 'stages:\n  s:\n    foreach: [a@b]\n    do: {cmd: echo 1}\n' },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:2:3: the stage 's@a@b' cannot be found by its name",
  },
  {
    name: 'name-with-at',
    files: { 'dvc.yaml': 'stages:\n  a@b: {cmd: echo 1}\n' },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:2:3: the stage 'a@b' cannot be found by its name",
  },
  {
    name: 'duplicate-output',
    files: {
      'dvc.yaml': 'stages:\n  a: {cmd: echo, outs: [x]}\n  b: {cmd: echo, outs: [./x]}\n',
    },
    code: 'STEPWELL_DVC_GRAPH',
    says: "dvc.yaml:3:3: output 'x' of 'b' is an output of 'a', too",
  },
  {
    name: 'out-and-metric',
    files: { 'dvc.yaml': 'stages:\n  a: {cmd: echo, outs: [x], metrics: [x]}\n' },
    code: 'STEPWELL_DVC_GRAPH',
    says: "dvc.yaml:2:3: output 'x' of 'a' is an output of 'a', too",
  },
  {
    name: 'overlapping-outputs',
    files: {
      'dvc.yaml': 'stages:\n  a: {cmd: echo, outs: [x/y]}\n  b: {cmd: echo, outs: [x]}\n',
    },
    code: 'STEPWELL_DVC_GRAPH',
    says: "dvc.yaml:2:3: output 'x/y' of 'a' is inside of 'x', an output of 'b'",
  },
  {
    name: 'cycle',
    files: {
      'dvc.yaml':
        'stages:\n  a: {cmd: echo, deps: [z], outs: [x]}\n  b: {cmd: echo, deps: [x], outs: [y]}\n  c: {cmd: echo, deps: [y], outs: [z]}\n',
    },
    code: 'STEPWELL_DVC_GRAPH',
    says: 'stages feed each other in a circle: a -> b -> c -> a',
  },
  {
    name: 'own-output',
    files: { 'dvc.yaml': 'stages:\n  a: {cmd: echo, deps: [x], outs: [x]}\n' },
    code: 'STEPWELL_DVC_GRAPH',
    says: 'stages feed each other in a circle: a -> a',
  },
  {
    name: 'lock-schema',
    files: { 'dvc.yaml': stage(''), 'dvc.lock': "schema: '3.0'\nstages: {}\n" },
    code: 'STEPWELL_DVC_LOCK',
    says: "dvc.lock:1:9: 'schema' is text; expected '2.0'",
  },
  {
    name: 'lock-of-dvc-1',
    files: { 'dvc.yaml': stage(''), 'dvc.lock': 's:\n  cmd: echo 1\n' },
    code: 'STEPWELL_DVC_LOCK',
    says: "dvc.lock:1:1: unknown key 's'",
  },
  {
    name: 'lock-conflict',
    files: {
      'dvc.yaml': stage(''),
      'dvc.lock':
        "schema: '2.0'\nstages:\n<<<<<<< HEAD\n  s:\n    cmd: a\n=======\n  s:\n    cmd: b\n>>>>>>> other\n",
    },
    code: 'STEPWELL_DVC_YAML',
    says: 'dvc.lock:',
  },
  {
    name: 'dvc-file-with-cmd',
    files: { 'x.dvc': 'cmd: echo 1\nouts:\n- path: x\n' },
    code: 'STEPWELL_DVC_YAML',
    says: "x.dvc:1:1: unknown key 'cmd'",
  },
  {
    name: 'datasets',
    files: { 'dvc.yaml': `datasets:\n  - {name: d, type: url, url: "s3://b/d"}\n${stage('')}` },
    code: 'STEPWELL_DVC_UNSUPPORTED',
    says: 'dvc.yaml:2:3: datasets are not supported',
    ours: true,
  },
  {
    name: 'dataset-dep',
    files: { 'dvc.yaml': stage('    deps: ["ds://d"]\n') },
    code: 'STEPWELL_DVC_UNSUPPORTED',
    says: "dvc.yaml:4:11: the dataset 'ds://d' as a dependency is not supported",
  },
  {
    name: 'database-import',
    files: {
      'd.csv.dvc':
        'frozen: true\ndeps:\n- db:\n    connection: pg\n    query: select 1\n    file_format: csv\nouts:\n- path: d.csv\n',
    },
    code: 'STEPWELL_DVC_UNSUPPORTED',
    says: 'd.csv.dvc:4:5: an import from a database is not supported',
    ours: true,
  },
  {
    name: 'meta-stepwell',
    files: { 'dvc.yaml': stage('    meta:\n      stepwell: {retries: 3}\n') },
    code: 'STEPWELL_DVC_YAML',
    says: "dvc.yaml:5:7: unknown key 'retries' in meta.stepwell",
    ours: true,
  },
  {
    name: 'meta-timeout',
    files: { 'dvc.yaml': stage('    meta:\n      stepwell: {timeout: soon}\n') },
    code: 'STEPWELL_DVC_YAML',
    says: 'meta.stepwell.timeout is text; expected a time with its unit',
    ours: true,
  },
  {
    name: 'yaml-1.1',
    files: { 'dvc.yaml': `%YAML 1.1\n---\n${stage('')}` },
    code: 'STEPWELL_DVC_UNSUPPORTED',
    says: 'dvc.yaml:1:1: %YAML 1.1 is not supported',
    ours: true,
  },
  {
    name: 'whole-map-as-cmd',
    files: { 'params.yaml': 'd: {a: 1}\n', 'dvc.yaml': 'stages:\n  s:\n    cmd: ${d}\n' },
    code: 'STEPWELL_DVC_TEMPLATE',
    says: "dvc.yaml:3:10: 'd' is a map",
  },
]
