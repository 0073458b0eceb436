import type { CaseFile } from '../project-case.ts'

/** A project over several commits: after each edit its stages are run, and all but the last is committed. */
export interface HistoryCase {
  readonly name: string
  readonly states: readonly Readonly<Record<string, CaseFile>>[]
  /** What a real DVC is asked, in the last state. */
  readonly asks: readonly (readonly string[])[]
}

const TRAIN = [
  'rate=$(sed -n "s/^rate: //p" params.yaml)',
  'mkdir -p out',
  'printf \'{"acc": %s, "deep": {"f1": 1, "name": "x", "list": [1], "none": null, "yes": true}}\' $rate > scores.json',
  'printf "fpr,tpr\\n0,0\\n%s,0.5\\n1,1\\n" $rate > out/roc.csv',
  'printf "loss\\n1.0\\n%s\\n" $rate > out/loss.csv',
  '',
].join('\n')

const VALUES = [
  ['metrics', 'show'],
  ['metrics', 'show', '--all-branches'],
  ['metrics', 'diff'],
  ['metrics', 'diff', '--all'],
  ['metrics', 'diff', 'HEAD~1', 'HEAD'],
  ['params', 'diff'],
  ['params', 'diff', '--all'],
  ['params', 'diff', '--deps'],
  ['params', 'diff', 'HEAD~1'],
  ['plots', 'diff', 'HEAD', 'workspace'],
]

export const HISTORIES: readonly HistoryCase[] = [
  {
    name: 'history-stages',
    asks: [
      ...VALUES,
      ['metrics', 'diff', '--targets', 'scores.json'],
      ['params', 'diff', '--targets', 'extra.toml'],
    ],
    states: [
      {
        'train.sh': TRAIN,
        'params.yaml': 'rate: 0.1\nopt: {name: adam, betas: [0.9, 0.99]}\nwhole: 1\n',
        'extra.toml': '[a]\nb = 1\nt = "it\'s"\n',
        'dvc.yaml': `stages:
  train:
    cmd: sh train.sh
    deps: [train.sh]
    params: [rate, opt.name]
    metrics:
    - scores.json
    plots:
    - out/roc.csv:
        x: fpr
        y: tpr
        title: ROC
params: [extra.toml]
metrics: [more.yaml]
`,
        'more.yaml': 'score: 3\nlost: [1]\n',
      },
      { 'params.yaml': 'rate: 0.2\nopt: {name: adam, betas: [0.9, 0.95]}\nwhole: 1\n' },
      {
        'params.yaml': 'rate: 0.35\nopt: {name: sgd, betas: [0.9, 0.95]}\nwhole: 1.0\nnew: true\n',
        'extra.toml': '[a]\nb = 2\nt = "it\'s"\n',
        'more.yaml': 'score: 4\n',
      },
    ],
  },
  {
    name: 'history-directory',
    asks: [
      ['metrics', 'show', '--all-branches'],
      ['metrics', 'diff', 'HEAD~1', 'HEAD'],
      ['params', 'diff'],
      ['plots', 'diff', 'HEAD', 'workspace'],
    ],
    states: [
      {
        'train.sh': TRAIN,
        'params.yaml': 'rate: 0.1\n',
        'dvc.yaml': `stages:
  train:
    cmd: sh train.sh
    params: [rate]
    metrics:
    - scores.json:
        cache: false
    plots:
    - out
`,
      },
      { 'params.yaml': 'rate: 0.2\n' },
      { 'params.yaml': 'rate: 0.3\nother: [1, a, {b: null}]\n' },
    ],
  },
  {
    name: 'history-plots',
    asks: [
      ['plots', 'diff', 'HEAD', 'workspace'],
      ['metrics', 'diff'],
    ],
    states: [
      {
        'dvc.yaml': `plots:
- curves:
    x: step
    y: {hist.json: [acc, loss]}
    title: Two of them
    x_label: epoch
- both:
    x: step
    y: {data/one.csv: v, data/two.csv: v}
- conf.csv: {template: confusion, x: actual, y: predicted}
- points.tsv: {template: scatter, x: a, y: b}
- data
- plain.yaml
- sub/unknown.csv:
`,
        'hist.json':
          '{"run": {"train": [{"step": 0, "acc": 0.1, "loss": 2}, {"step": 1, "acc": 0.4, "loss": 1}]}}',
        'conf.csv': 'actual,predicted\ncat,cat\ncat,"a ""dog"", big"\ndog,dog\n',
        'points.tsv': 'a\tb\n1\t2\n3\t4\n',
        'data/one.csv': 'step,v\n0,1\n1,2\n',
        'data/two.csv': 'step,v\n0,3\n1,4\n',
        'plain.yaml': '- {n: 1.5}\n- {n: 2.5}\n',
        'sub/unknown.csv': 'q,w\r\n1,2\r\n\r\n3,4',
      },
      {
        'hist.json':
          '{"run": {"train": [{"step": 0, "acc": 0.2, "loss": 3}, {"step": 1, "acc": 0.5, "loss": 2}]}}',
        'data/one.csv': 'step,v\n0,5\n1,6\n',
      },
      { 'points.tsv': 'a\tb\n1\t2\n3\t5\n7\t8\n' },
    ],
  },
]
