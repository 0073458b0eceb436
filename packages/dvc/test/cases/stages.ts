import type { ProjectCase } from '../project-case.ts'

/** Fields of stages: commands, paths, flags of outputs. */
export const STAGE_CASES: readonly ProjectCase[] = [
  {
    name: 'command-forms',
    files: {
      'in.txt': 'one\n',
      'dvc.yaml': `stages:
  text:
    cmd: |
      cd /tmp
      cat in.txt > text.txt
    deps: [in.txt]
    outs: [text.txt]
  list:
    cmd:
      - cat in.txt > list.txt
      - "echo 'two: #2' >> list.txt"
    deps:
      - in.txt
    outs:
      - list.txt
  folded:
    cmd: >-
      cat in.txt
      in.txt in.txt in.txt in.txt in.txt in.txt in.txt in.txt in.txt in.txt in.txt in.txt
      > folded.txt
    deps: [in.txt]
    outs: [folded.txt]
`,
    },
    edits: [
      { name: 'input', files: { 'in.txt': 'two\n' } },
      {
        name: 'command',
        files: {
          'dvc.yaml': `stages:
  text:
    cmd: cat in.txt > text.txt
    deps: [in.txt]
    outs: [text.txt]
  list:
    cmd:
      - cat in.txt > list.txt
    deps:
      - in.txt
    outs:
      - list.txt
`,
        },
      },
      { name: 'output', files: { 'list.txt': 'edited\n', 'text.txt': null } },
    ],
  },
  {
    name: 'chain',
    files: {
      'a.txt': 'a\n',
      'dvc.yaml': `stages:
  third:
    cmd: cat c.txt > d.txt
    deps: [c.txt]
    outs: [d.txt]
  second:
    cmd: echo same > c.txt
    deps: [b.txt]
    outs: [c.txt]
  first:
    cmd: cat a.txt > b.txt
    deps: [a.txt]
    outs:
      - b.txt
`,
    },
    edits: [
      { name: 'cutoff', files: { 'a.txt': 'b\n' } },
      { name: 'middle-gone', files: { 'c.txt': null } },
      { name: 'nothing' },
    ],
  },
  {
    name: 'wdir',
    files: {
      'params.yaml': 'name: outer\ndir: work\n',
      'work/params.yaml': 'lr: 0.1\nepochs: 3\n',
      'work/in.txt': 'in\n',
      'dvc.yaml': `stages:
  a:
    wdir: \${dir}
    cmd: cat in.txt > out-\${name}.txt
    deps: [in.txt, ../params.yaml]
    params: [lr, epochs]
    outs: ['out-\${name}.txt']
    metrics:
      - ../m.json:
          cache: false
  b:
    wdir: work/deeper/..
    cmd: echo {} > ../m.json; cat out-outer.txt > b.txt
    deps: [out-outer.txt]
    outs: [b.txt]
`.replace('cmd: cat in.txt', 'cmd: echo {} > ../m.json; cat in.txt'),
      'work/deeper/x': 'x',
    },
    edits: [
      { name: 'params-in-wdir', files: { 'work/params.yaml': 'lr: 0.2\nepochs: 3\n' } },
      { name: 'params-beside', files: { 'params.yaml': 'name: inner\ndir: work\n' } },
    ],
  },
  {
    name: 'callback-and-no-deps',
    files: {
      'dvc.yaml': `stages:
  always:
    cmd: echo hello
  once:
    cmd: echo 1 > once.txt
    outs: [once.txt]
  marked:
    cmd: echo 1 > marked.txt
    always_changed: true
    outs: [marked.txt]
  reads:
    cmd: cat once.txt
    deps: [once.txt]
`,
    },
    edits: [{ name: 'again' }, { name: 'removed', files: { 'once.txt': null } }],
  },
  {
    name: 'frozen',
    files: {
      'a.txt': '1\n',
      'dvc.yaml': `stages:
  a:
    cmd: cat a.txt > b.txt
    deps: [a.txt]
    outs: [b.txt]
  b:
    frozen: true
    cmd: cat b.txt > c.txt
    deps: [b.txt]
    outs: [c.txt]
  c:
    cmd: cat c.txt > d.txt
    deps: [c.txt]
    outs: [d.txt]
`,
      'c.txt': 'made by hand\n',
    },
    edits: [
      { name: 'upstream', files: { 'a.txt': '2\n' } },
      {
        name: 'command',
        files: {
          'dvc.yaml': `stages:
  a:
    cmd: cat a.txt > b.txt
    deps: [a.txt]
    outs: [b.txt]
  b:
    frozen: true
    always_changed: true
    cmd: cat b.txt b.txt > c.txt
    deps: [b.txt]
    outs: [c.txt]
  c:
    cmd: cat c.txt > d.txt
    deps: [c.txt]
    outs: [d.txt]
`,
        },
      },
      { name: 'edited', files: { 'c.txt': 'edited\n' } },
    ],
  },
  {
    name: 'out-flags',
    files: {
      'in.txt': '1\n',
      'dvc.yaml': `stages:
  all:
    desc: Writes all kinds of outputs
    cmd: mkdir -p kept && cat in.txt >> kept/log && cat in.txt > plain.txt && echo '{"acc":0.5}' > metrics.json && printf 'x,y\\n1,2\\n' > plot.csv && cat in.txt > free.txt
    deps: [in.txt]
    outs:
      - plain.txt:
          desc: a text
          type: text
          labels: [one, two]
          meta: {anything: 1}
          push: false
      - kept:
          persist: true
      - free.txt:
          cache: false
    metrics:
      - metrics.json:
          cache: false
    plots:
      - plot.csv:
          cache: false
          x: x
          y: y
          title: Title
          header: true
    meta:
      any: [thing]
`,
    },
    edits: [
      { name: 'input', files: { 'in.txt': '2\n' } },
      { name: 'metric-by-hand', files: { 'metrics.json': '{"acc":1}\n' } },
      { name: 'back', files: { 'in.txt': '1\n' } },
    ],
  },
  {
    name: 'metric-from-run-cache',
    files: {
      'in.txt': '1\n',
      'dvc.yaml': `stages:
  m:
    cmd: cat in.txt > out.txt && echo 1 > m.json
    deps: [in.txt]
    outs: [out.txt]
    metrics:
      - m.json:
          cache: false
`,
    },
    edits: [
      { name: 'other', files: { 'in.txt': '2\n' } },
      { name: 'back', files: { 'in.txt': '1\n' } },
    ],
  },
  {
    name: 'directories',
    files: {
      'data/b.txt': 'b\n',
      'data/a.txt': 'a\n',
      'data/sub/é.txt': 'accent\n',
      'data/sub/😀.txt': 'astral\n',
      'data/sub/ﬁ.txt': 'ligature\n',
      'data/"quoted" \\ name.txt': 'quotes\n',
      '.dvcignore': '# comment\n*.tmp\n/data/skip/\n!keep.tmp\n',
      'data/x.tmp': 'ignored\n',
      'data/keep.tmp': 'kept\n',
      'data/skip/y.txt': 'ignored\n',
      'dvc.yaml': `stages:
  copy:
    cmd: cp -r data out && rm -f out/x.tmp && mkdir -p empty
    deps: [data]
    outs: [out, empty/]
  part:
    cmd: cat out/a.txt > part.txt
    deps: [out/a.txt]
    outs: [part.txt]
  above:
    cmd: ls nested > above.txt
    deps: [nested]
    outs: [above.txt]
  below:
    cmd: mkdir -p nested && echo 1 > nested/below.txt
    outs: [nested/below.txt]
`,
    },
    edits: [
      { name: 'ignored', files: { 'data/x.tmp': 'other\n', 'data/skip/z.txt': 'new\n' } },
      { name: 'added', files: { 'data/c.txt': 'c\n' } },
      { name: 'out-edited', files: { 'out/a.txt': 'edited\n' } },
    ],
  },
  {
    name: 'links-and-programs',
    files: {
      'real.txt': 'real\n',
      'link.txt': { link: 'real.txt' },
      'dir/file.txt': 'in dir\n',
      'linked-dir': { link: 'dir' },
      'dir2/inner': { link: '../dir' },
      'dir2/file-link': { link: '../real.txt' },
      'tool.sh': { program: '#!/bin/sh\necho tool\n' },
      'dvc.yaml': `stages:
  a:
    cmd: cat link.txt > a.txt && ./tool.sh >> a.txt && cp tool.sh made.sh
    deps: [link.txt, linked-dir, dir2, tool.sh]
    outs: [a.txt, made.sh]
`,
    },
    edits: [
      { name: 'behind-link', files: { 'real.txt': 'other\n' } },
      { name: 'behind-dir-link', files: { 'dir/file.txt': 'other\n' } },
    ],
  },
  {
    name: 'removed-and-added',
    files: {
      'a.txt': 'a\n',
      'b.txt': 'b\n',
      'params.yaml': 'x: 1\ny: 2\n',
      'dvc.yaml': `stages:
  s:
    cmd: cat a.txt > s.txt
    deps: [a.txt, b.txt]
    params: [x, y]
    outs: [s.txt]
  gone:
    cmd: cat a.txt > gone.txt
    deps: [a.txt]
    outs: [gone.txt]
`,
    },
    edits: [
      {
        name: 'removed',
        files: {
          'dvc.yaml': `stages:
  s:
    cmd: cat a.txt > s.txt
    deps: [a.txt]
    params: [x]
    outs: [s.txt]
`,
        },
      },
      {
        name: 'added',
        files: {
          'c.txt': 'c\n',
          'dvc.yaml': `stages:
  new:
    cmd: cat s.txt > new.txt
    deps: [s.txt]
    outs: [new.txt]
  s:
    cmd: cat a.txt > s.txt
    deps: [c.txt, a.txt]
    params: [x]
    outs: [s.txt]
`,
        },
      },
      { name: 'dep-gone', files: { 'b.txt': null } },
    ],
  },
]
