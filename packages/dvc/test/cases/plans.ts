const DATA = `outs:\n- md5: 60b725f10c9c85c70d97880dfe8191b3\n  size: 2\n  hash: md5\n  path: data.txt\n`

/** A graph, for what `dvc repro` looks at. */
export const PLAN_FILES: Readonly<Record<string, string>> = {
  'data.txt': 'a\n',
  'data.txt.dvc': DATA,
  'dvc.yaml': `stages:
  last:
    cmd: echo last
    deps: [left.txt, right.txt]
    outs: [last.txt]
  right:
    cmd: echo right
    deps: [top.txt]
    outs: [right.txt]
  left:
    cmd: echo left
    deps: [top.txt]
    outs: [left.txt]
  top:
    cmd: echo top
    deps: [data.txt]
    outs: [top.txt]
  each:
    foreach: [a, b/c, "d:e"]
    do:
      cmd: echo \${item}
      deps: [right.txt]
  cold:
    frozen: true
    cmd: echo cold
    deps: [left.txt]
    outs: [cold.txt]
  behind:
    cmd: echo behind
    deps: [cold.txt]
  alone:
    cmd: echo alone
    outs: [alone.txt]
`,
  'sub/dvc.yaml': `stages:
  far:
    cmd: echo far
    deps: [../right.txt]
    outs: [far.txt]
  farther:
    matrix: {x: [1, 2]}
    cmd: echo farther
    deps: [far.txt]
`,
}

/** Arguments of `dvc repro`. */
export const PLANS: readonly (readonly string[])[] = [
  [],
  ['last'],
  ['each'],
  ['each@b/c'],
  ['each@d:e'],
  ['behind'],
  ['cold'],
  ['sub/dvc.yaml'],
  ['sub/dvc.yaml:farther'],
  ['sub/dvc.yaml:farther@2'],
  ['data.txt.dvc'],
  [':left'],
  ['dvc.yaml:left', 'alone'],
  ['--single-item', 'last'],
  ['--single-item', 'each', 'left'],
  ['--downstream', 'right'],
  ['--downstream', 'left'],
  ['--downstream', 'data.txt.dvc'],
  ['--downstream', 'cold'],
  ['--pipeline', 'right'],
  ['--pipeline', 'behind'],
  ['--pipeline', '--single-item', 'alone'],
  ['--all-pipelines'],
  ['--all-pipelines', 'alone'],
  ['--glob', 'l*'],
  ['--glob', '*t'],
  ['--glob', 'each@[ad]*'],
  ['--glob', 'sub/dvc.yaml:*@?'],
  ['--recursive', 'sub'],
  ['--recursive', '.'],
]
