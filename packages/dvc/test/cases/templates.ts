import type { ProjectCase } from '../project-case.ts'

/** Templates, foreach and matrix. */
export const TEMPLATE_CASES: readonly ProjectCase[] = [
  {
    name: 'interpolation',
    files: {
      'params.yaml': `name: net
n: 3
f: 10.0
tiny: 1e-7
flag: true
none: null
inf: .inf
list: [a, b, {c: deep}]
map: {key: value, 'with space': 1}
dash-ed: dashed
'1': one
`,
      'dvc.yaml': `stages:
  a:
    cmd: echo \${name} \${n} \${f} \${tiny} \${flag} \${none} \${inf} \${ list[0] } \${list.1} \${list[2].c} \${map.key} \${map[key]} \${dash-ed} \${map.with space} \${1} \${list[-2]} > a.txt
    outs: [a.txt]
  b:
    cmd: echo \\\${HOME} '$HOME' \${name} > b.txt
    desc: \${name}
    outs:
      - \${name}.txt:
          cache: false
    meta: {x: "\${n}"}
`.replace('> b.txt', '> net.txt'),
    },
    edits: [{ name: 'value', files: { 'params.yaml': null, 'dvc.yaml': 'stages: {}\n' } }],
  },
  {
    name: 'vars',
    files: {
      'params.yaml': 'a: {x: 1}\n',
      'more.yaml': 'b: 2\nc: 3\nunused: 4\n',
      'cfg.json': '{"j": 1.5, "k": {"z": [1, 2]}}',
      'sub/local.toml': 't = "toml"\n',
      'dvc.yaml': `vars:
  - more.yaml:b,c
  - cfg.json
  - params.yaml
  - a: {y: 5}
  - plain: text
stages:
  s:
    cmd: echo \${a.x} \${a.y} \${b} \${c} \${j} \${k.z[1]} \${plain} > s.txt
    outs: [s.txt]
  t:
    wdir: sub
    vars:
      - local.toml
      - a: {z: 6}
      - own: 7
    cmd: echo \${t} \${a.x}\${a.z} \${own} > t.txt
    outs: [t.txt]
`,
    },
    edits: [{ name: 'file', files: { 'more.yaml': 'b: 9\nc: 3\n' } }],
  },
  {
    name: 'dict-unpacking',
    files: {
      'params.yaml': `d:
  foo: foo
  bar: 1
  f: 1.0
  flag: true
  off: false
  none: null
  nested: {baz: bar, deeper: {x: "two words"}}
  list: [2, 3, "q u x", true]
  empty: []
  emptymap: {}
  quote: "it's"
  blank: ""
`,
      'dvc.yaml': `stages:
  s:
    cmd: echo train \${d} end > s.txt
    outs: [s.txt]
  l:
    cmd:
      - echo \${d.nested} > l.txt
      - echo x\${d.nested.deeper}y >> l.txt
    outs: [l.txt]
`,
    },
    edits: [
      {
        name: 'config',
        files: {
          '.dvc/config':
            '[core]\n    no_scm = True\n[parsing]\n    bool = boolean_optional\n    list = append\n',
        },
      },
    ],
  },
  {
    name: 'foreach',
    files: {
      'params.yaml': `items: [x, y]
models:
  us: {lr: 0.1, deep: {n: 1}}
  uk: {lr: 0.2, deep: {n: 2}}
mixed: [1, 2.0, true, null, "s p"]
`,
      'a.txt': 'a\n',
      'dvc.yaml': `stages:
  list:
    foreach: [one, two, one]
    do:
      cmd: echo \${item} > \${item}.txt
      outs: ["\${item}.txt"]
  dict:
    foreach: \${models}
    do:
      cmd: echo \${key} \${item.lr} \${item.deep.n} > \${key}.txt
      outs: ["\${key}.txt"]
  composite:
    foreach:
      - {n: 1}
      - {n: 2, m: [1]}
      - [5]
    do:
      cmd: echo composite
  literal:
    foreach: {a: 1, b: {c: 2}, 3: x, true: y}
    do:
      cmd: echo \${key}
  template:
    foreach: ["\${items[0]}", z]
    do:
      cmd: echo \${item} > t-\${item}.txt
      deps: [a.txt]
      outs: ["t-\${item}.txt"]
  mixed:
    foreach: \${mixed}
    do:
      cmd: echo \${item}
  slashes:
    foreach: [a/b, c.d]
    do:
      cmd: mkdir -p out/\${item} && echo 1 > out/\${item}/f
      outs: ["out/\${item}/f"]
  uses:
    cmd: cat one.txt two.txt us.txt > uses.txt
    deps: [one.txt, two.txt, us.txt]
    outs: [uses.txt]
`,
    },
    edits: [
      {
        name: 'params',
        files: {
          'params.yaml': `items: [w, y]
models:
  us: {lr: 0.1, deep: {n: 1}}
  de: {lr: 0.3, deep: {n: 2}}
mixed: [1]
`,
        },
      },
      { name: 'nothing' },
    ],
  },
  {
    name: 'matrix',
    files: {
      'params.yaml': `models: [cnn, xgb]
sizes: [1, 2.0, true]
keyed: {k1: 1, k2: 2}
`,
      'dvc.yaml': `stages:
  plain:
    matrix:
      model: [cnn, xgb]
      feature: [a, b]
    cmd: echo \${item.model} \${item.feature} \${key} > \${key}.txt
    outs: ["\${key}.txt"]
  params:
    matrix:
      size: \${sizes}
      model: \${models}
    cmd: echo \${item.size} \${item.model} > p-\${key}.txt
    outs:
      - p-\${key}.txt:
          cache: false
  composite:
    matrix:
      config: [{n: 1}, {n: 2}]
      labels: [[1, 2], x]
    cmd: echo \${item.config.n} \${key}
  keyed:
    matrix:
      k: \${keyed}
    cmd: echo \${item.k}
`,
    },
    edits: [
      { name: 'params', files: { 'params.yaml': 'models: [cnn]\nsizes: [1]\nkeyed: {a: 1}\n' } },
    ],
  },
  {
    name: 'long-names',
    files: {
      'dvc.yaml': `stages:
  s:
    foreach: [${'x'.repeat(118)}, ${'y'.repeat(121)}, ${'z'.repeat(130)}, 'with: colon', "it's", '#hash', '1.5', 'true']
    do:
      cmd: echo "\${item}"
      outs: []
      always_changed: true
  deps:
    cmd: "echo ${'word '.repeat(40)}> 'out: 1.txt'"
    outs: ['out: 1.txt']
`,
    },
    edits: [{ name: 'again' }],
  },
]
