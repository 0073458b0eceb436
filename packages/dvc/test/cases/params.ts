import type { ProjectCase } from '../project-case.ts'

const READ = 'echo 1 > out.txt'

/** Params: files, formats, comparison. */
export const PARAM_CASES: readonly ProjectCase[] = [
  {
    name: 'params-yaml',
    files: {
      'params.yaml': `int: 1
float: 1.0
small: 1e-7
big: 1e+22
text: "yes"
plain: yes
none:
flag: true
octal: 012
hex: 0x10
under: 1_000
list: [1, 2.5, three, [4]]
map: {b: 1, a: {c: [x, y: z]}}
long: ${'word '.repeat(30)}end
multi: |
  one
  two
quote: "it's: #1"
`,
      'dvc.yaml': `stages:
  s:
    cmd: ${READ}
    params:
      - int
      - float
      - small
      - big
      - text
      - plain
      - none
      - flag
      - octal
      - hex
      - under
      - list
      - list.1
      - map
      - map.a.c
      - long
      - multi
      - quote
    outs: [out.txt]
`,
    },
    edits: [
      {
        name: 'same-in-python',
        files: {
          'params.yaml': `int: 1.0
float: 1
small: 0.0000001
big: 1e+22
text: "yes"
plain: "yes"
none: ~
flag: 1
octal: 12
hex: 16
under: 1000
list: [1.0, 2.5, three, [4]]
map: {a: {c: [x, y: z]}, b: 1}
long: ${'word '.repeat(30)}end
multi: "one\\ntwo\\n"
quote: "it's: #1"
`,
        },
      },
      {
        name: 'changed',
        files: {
          'params.yaml': `int: 2
float: 1.5
small: 1e-8
big: 1e+22
text: true
plain: "yes"
flag: false
octal: "12"
hex: 16
under: 1000
list: [1, 2.5, three]
map: {a: {c: [x, y: 1]}, b: 1}
long: short
multi: "one\\ntwo"
quote: "it's: #2"
none: x
`,
        },
      },
    ],
  },
  {
    name: 'params-formats',
    files: {
      'p.json': '{"a": 1, "b": {"c": [1.0, 2]}, "10": "ten", "2": "two", "u": "\\u00e9"}',
      'p.toml': 'a = 1\nf = 1.0\n[b]\nc = "x"\nl = [1, 2]\n[[t]]\nx = 1\n[[t]]\nx = 2\n',
      'p.py': `import os
LR = 0.1  # comment
NAME: str = 'net'
TUPLE = (1, 2)
LIST = [1,
        2, 'x']
DICT = {'a': 1, 'b': [True, None]}
CALL = os.path.join('a', 'b')
NEG = -3
class Train:
    epochs = 10
    class Inner:
        x = 1
    def __init__(self):
        self.depth = 5
        local = 6
        self.computed = 1 + 2
    def other(self):
        self.not_seen = 1
if True:
    HIDDEN = 1
a = b = 1
`,
      plain: 'key: value\n',
      'p.yml': 'whole: {x: 1}\nz: 2\na: 1\n',
      'dvc.yaml': `stages:
  s:
    cmd: ${READ}
    params:
      - p.toml: [a, f, b.c, b, t.0.x]
      - p.json: [a, b.c, b, "10"]
      - p.py: [LR, NAME, TUPLE, LIST, DICT, NEG, Train.epochs, Train.depth, Train.Inner.x]
      - plain: [key]
      - p.yml:
      - p.json: [u]
    outs: [out.txt]
`,
    },
    edits: [
      {
        name: 'reordered',
        files: {
          'p.py': `TUPLE = [1, 2]
LR = 1e-1
NAME = "n" 'et'
LIST = [1, 2, "x",]
DICT = dict(a=1)
DICT = {"b": [True, None], "a": 1}
NEG = (-3)
class Train(object): epochs = 10
class Train:
    depth = 5
    epochs = 10
    class Inner: x = 0x1
`,
          'p.yml': 'a: 1\nwhole:\n  x: 1\nz: 2\n',
        },
      },
      {
        name: 'changed',
        files: {
          'p.yml': 'a: 1\nwhole:\n  x: 2\nnew: 3\n',
          'p.toml': 'a = 2\nf = 1.0\n[b]\nc = "x"\nl = [1, 2]\n[[t]]\nx = 1\n',
          'p.json': '{"a": 1, "b": {"c": [1, 2]}, "10": "ten", "u": "\\u00e9"}',
        },
      },
    ],
  },
  {
    name: 'params-merging',
    files: {
      'params.yaml': 'a: 1\nb: 2\nc: {d: 3}\n',
      'other.yaml': 'x: 1\ny: 2\n',
      'dvc.yaml': `stages:
  split:
    cmd: echo 1 > split.txt
    params: [b, other.yaml: [y], a, other.yaml: [x]]
    outs: [split.txt]
  whole:
    cmd: echo 1 > whole.txt
    params:
      - a
      - params.yaml:
      - other.yaml: [x]
    outs: [whole.txt]
  generated:
    cmd: echo 1 > generated.txt
    params:
      - made.yaml: [k]
    outs: [generated.txt]
  make:
    cmd: "echo 'k: 1' > made.yaml"
    outs: [made.yaml]
`,
    },
    edits: [
      { name: 'one', files: { 'params.yaml': 'a: 1\nb: 3\nc: {d: 3}\n' } },
      { name: 'untracked', files: { 'other.yaml': 'x: 1\ny: 3\n' } },
      { name: 'key-added', files: { 'params.yaml': 'a: 1\nb: 3\nc: {d: 3}\ne: 4\n' } },
      {
        name: 'anchors',
        files: { 'params.yaml': 'a: &l [1, 2]\nb: *l\nc: {d: *l}\ne: {<<: {x: 1}, y: 2}\n' },
      },
    ],
  },
]
