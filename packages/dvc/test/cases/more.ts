import type { ProjectCase } from '../project-case.ts'

/** What is seldom, and where mistakes hide. */
export const MORE_CASES: readonly ProjectCase[] = [
  {
    name: 'lines-of-commands',
    files: {
      'sub/in.txt': 'in\n',
      'dvc.yaml': `stages:
  items:
    cmd:
      - |
        cd sub
        cat in.txt > ../items.txt
      - echo "$DVC_STAGE" >> items.txt
    deps: [sub/in.txt]
    outs: [items.txt]
  text:
    cmd: |
      X=1

      echo "x$X$DVC_STAGE" > text.txt
    outs: [text.txt]
`,
    },
    edits: [{ name: 'input', files: { 'sub/in.txt': 'other\n' } }],
  },
  {
    name: 'source-directory',
    files: {
      'data/a.txt': 'a\n',
      'data/sub/b.txt': 'b\n',
      'data.dvc':
        'outs:\n- md5: 72a83a15b1e65ba1c6b4b9a5b4c0ce5d.dir\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: data\n',
      'plain.txt': 'p\n',
      'sub/plain.dvc':
        'wdir: ..\nouts:\n- md5: 09e4c0d3c1ff2f8a0ad0a4d4bd3fd7f5\n  path: plain.txt\n  cache: false\n',
      'dvc.yaml': `stages:
  s:
    cmd: cat data/sub/b.txt plain.txt > s.txt
    deps: [data/sub/b.txt, plain.txt]
    outs: [s.txt]
`,
    },
    edits: [{ name: 'edited', files: { 'data/sub/b.txt': 'c\n' } }],
  },
  {
    name: 'stage-vars-in-foreach',
    files: {
      'params.yaml': 'base: {lr: 0.1}\nnames: {a: {file: va.yaml}, b: {file: va.yaml}}\n',
      'va.yaml': 'extra: {x: 1}\n',
      'a/in.txt': 'a\n',
      'b/in.txt': 'b\n',
      'dvc.yaml': `stages:
  s:
    foreach: \${names}
    do:
      wdir: \${key}
      vars:
        - ../va.yaml
        - base: {more: 2}
      cmd: cat in.txt > out-\${base.lr}-\${base.more}-\${extra.x}.txt
      deps: [in.txt, '../\${item.file}']
      outs: ['out-\${base.lr}-\${base.more}-\${extra.x}.txt']
`,
    },
    edits: [{ name: 'vars', files: { 'va.yaml': 'extra: {x: 3}\n' } }],
  },
  {
    name: 'cache-elsewhere',
    files: {
      '.dvc/config': '[core]\n    no_scm = True\n["cache"]\n    dir = ../kept\n'.replace(
        '["cache"]',
        '[cache]',
      ),
      'in.txt': '1\n',
      'dvc.yaml':
        'stages:\n  s:\n    cmd: cat in.txt > out.txt\n    deps: [in.txt]\n    outs: [out.txt]\n',
    },
    edits: [{ name: 'gone', files: { 'kept/files/md5/b0/26324c6904b2a9cb4b88d6d61c81d1': null } }],
  },
  {
    name: 'params-odd',
    files: {
      'whole.yaml': '1: one\n1.5: float\nyes: text\nnull: none\nz: {2: two}\n',
      'set.py': 'T = [[1, 2], [3]]\nclass C:\n    pass\n',
      'empty.yaml': '',
      'list.json': '{"l": [{"x": 1}, {"x": 2.0}], "e": {}, "s": "", "n": null, "b": 1e400}',
      'dvc.yaml': `stages:
  odd:
    cmd: echo 1 > odd.txt
    params:
      - set.py: [T, C]
      - empty.yaml:
      - list.json: [l.1.x, l, e, s, n, b]
      - whole.yaml: ['1', z.2]
    outs: [odd.txt]
`,
    },
    edits: [
      {
        name: 'same',
        files: {
          'list.json': '{"b": Infinity, "n": null, "s": "", "e": {}, "l": [{"x": 1.0}, {"x": 2}]}',
          'empty.yaml': '{}\n',
        },
      },
      { name: 'filled', files: { 'empty.yaml': 'x: 1\n' } },
      { name: 'nothing' },
    ],
  },
  {
    name: 'paths',
    files: {
      'in dir/a b.txt': 'x\n',
      'dvc.yaml': `stages:
  s:
    cmd: cp './in dir/a b.txt' './out dir.txt' && mkdir -p deep/er && echo 1 > deep/er/f
    deps: ['./in dir/', 'in dir/../in dir/a b.txt']
    outs: ['./out dir.txt', deep//er/]
  t:
    cmd: cat deep/er/f > t.txt
    deps: [deep/er/f, '././out dir.txt']
    outs: [t.txt]
`,
    },
    edits: [{ name: 'input', files: { 'in dir/a b.txt': 'y\n' } }],
  },
  {
    name: 'crlf-files',
    files: {
      'params.yaml': 'a: 1\r\nb: "x"\r\nc: |\r\n  one\r\n  two\r\n',
      'dvc.yaml':
        'stages:\r\n  s:\r\n    cmd: |\r\n      echo 1 > s.txt\r\n      echo 2 >> s.txt\r\n    params: [a, b, c]\r\n    outs: [s.txt]\r\n',
    },
    edits: [{ name: 'input', files: { 'params.yaml': 'a: 1\nb: "x"\nc: "one\\ntwo\\n"\n' } }],
  },
]
