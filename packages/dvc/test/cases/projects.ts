import type { ProjectCase } from '../project-case.ts'

/** Several files, sources, ignoring, locks written by others. */
export const PROJECT_CASES: readonly ProjectCase[] = [
  {
    name: 'subdirectories',
    files: {
      'dvc.yaml': `stages:
  root:
    cmd: cat sub/out.txt > root.txt
    deps: [sub/out.txt]
    outs: [root.txt]
`,
      'sub/params.yaml': 'x: sub\n',
      'sub/dvc.yaml': `vars: [{y: inline}]
stages:
  make:
    cmd: echo \${x} \${y} > out.txt
    params: [x]
    outs: [out.txt]
  each:
    foreach: [a, b]
    do:
      cmd: cat ../base.txt > \${item}.txt
      deps: [../base.txt]
      outs: ["\${item}.txt"]
`,
      'base.txt': 'base\n',
      'other/deep/dvc.yaml': `stages:
  make:
    wdir: ..
    cmd: cat ../sub/a.txt > deep.txt
    deps: [../sub/a.txt]
    outs: [deep.txt]
`,
    },
    edits: [
      { name: 'base', files: { 'base.txt': 'other\n' } },
      { name: 'params', files: { 'sub/params.yaml': 'x: changed\n' } },
    ],
  },
  {
    name: 'sources',
    files: {
      'data.txt': 'tracked\n',
      'data.txt.dvc':
        'outs:\n- md5: 88a077cbf31a2bfeb0e4ef7fdc172ca7\n  size: 8\n  hash: md5\n  path: data.txt\n',
      'dvc.yaml': `stages:
  s:
    cmd: cat data.txt > s.txt
    deps: [data.txt]
    outs: [s.txt]
`,
    },
    edits: [{ name: 'edited', files: { 'data.txt': 'edited\n' } }],
  },
  {
    name: 'git-ignored',
    git: true,
    files: {
      '.gitignore': 'venv/\n/generated\n*.bak.dvc\n',
      'venv/lib/dvc.yaml': 'this is: [no pipeline\n',
      'generated/dvc.yaml': 'stages: {x: {cmd: echo}}\n',
      'old.bak.dvc': 'nonsense: 1\n',
      '.dvcignore': 'ignored/\n',
      'ignored/dvc.yaml': 'nonsense: 1\n',
      'a.txt': 'a\n',
      'dvc.yaml': `stages:
  s:
    cmd: mkdir -p out && cat a.txt > out/s.txt
    deps: [a.txt]
    outs: [out]
`,
    },
    edits: [{ name: 'input', files: { 'a.txt': 'b\n' } }],
  },
  {
    name: 'top-level',
    files: {
      'params.yaml': 'm: metrics.json\n',
      'metrics.json': '{}',
      'plot.csv': 'x,y\n1,2\n',
      'dvc.yaml': `params: [params.yaml]
metrics:
  - \${m}
plots:
  - plot.csv
  - curve:
      x: x
      y: {plot.csv: [y]}
      title: Curve
  - plot.csv:
artifacts:
  model:
    path: model.txt
    type: model
    desc: A model
    labels: [a]
    meta: {x: 1}
stages:
  s:
    cmd: echo 1 > model.txt
    outs: [model.txt]
`,
    },
    edits: [{ name: 'nothing' }],
  },
  {
    name: 'foreign-lock',
    files: {
      'a.txt': 'a\n',
      'dvc.yaml': `stages:
  first:
    cmd: cat a.txt > b.txt
    deps: [a.txt]
    outs: [b.txt]
  second:
    cmd: cat b.txt > c.txt
    deps: [b.txt]
    outs: [c.txt]
`,
      'dvc.lock': `schema: '2.0'
stages:
  gone:
    cmd: echo removed
    params:
      params.yaml:
        x: 1
        text: "double quoted"
  second:
    cmd: cat b.txt > c.txt
    deps:
    - path: b.txt
      hash: md5
      md5: 60b725f10c9c85c70d97880dfe8191b3
      size: 2
    outs:
    - path: c.txt
      hash: md5
      md5: 60b725f10c9c85c70d97880dfe8191b3
      size: 2
datasets: []
`.replace('"double quoted"', 'plain'),
    },
    edits: [
      { name: 'input', files: { 'a.txt': 'b\n' } },
      { name: 'lock-gone', files: { 'dvc.lock': null } },
    ],
  },
  {
    name: 'legacy-lock',
    files: {
      'crlf.txt': 'one\r\ntwo\r\n',
      'binary.bin': 'a\0b\r\nc',
      'dir/crlf.txt': 'x\r\ny\r\n',
      'out.txt': 'one\r\ntwo\r\n',
      'dvc.yaml': `stages:
  s:
    cmd: cat crlf.txt > out.txt
    deps: [crlf.txt, binary.bin, dir]
    outs:
      - out.txt:
          cache: false
`,
      // Hashes of DVC 2: of the text with line feeds.
      'dvc.lock': `schema: '2.0'
stages:
  s:
    cmd: cat crlf.txt > out.txt
    deps:
    - path: binary.bin
      md5: 33ad78a67a9790ab9baa21e727e277db
      size: 6
    - path: crlf.txt
      md5: c193497a1a06b2c72230e6146ff47080
      size: 10
    - path: dir
      md5: 29a56fc1e6dc90952d8c8f162435b25f.dir
      size: 6
      nfiles: 1
    outs:
    - path: out.txt
      md5: c193497a1a06b2c72230e6146ff47080
      size: 10
`,
    },
    edits: [{ name: 'input', files: { 'crlf.txt': 'one\r\nthree\r\n' } }],
  },
  {
    name: 'cache-lost',
    files: {
      'a.txt': 'a\n',
      'dvc.yaml': `stages:
  s:
    cmd: cat a.txt > s.txt && mkdir -p d && cat a.txt a.txt > d/x && echo 1 > d/y
    deps: [a.txt]
    outs: [s.txt, d]
`,
    },
    edits: [
      { name: 'blob', files: { '.dvc/cache/files/md5/60/b725f10c9c85c70d97880dfe8191b3': null } },
      {
        name: 'in-directory',
        files: { '.dvc/cache/files/md5/b0/26324c6904b2a9cb4b88d6d61c81d1': null },
      },
    ],
  },
]
