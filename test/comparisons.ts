import { execFileSync } from 'node:child_process'
import { Project } from './rig.ts'

const DVC = `stages:
  train:
    cmd: sh train.sh
    deps: [train.sh]
    params: [rate]
    metrics:
    - scores.json:
        cache: false
    plots:
    - loss.csv:
        x: step
        y: val
metrics: [gone.json]
plots:
- classes.csv: {template: confusion, x: actual, y: predicted}
- smooth.csv: {template: smooth}
- image.svg
- gone.csv
`

/** A DVC project with one commit, and edits since. */
export function comparisons(): Project {
  const project = new Project()
  project.write('dvc.yaml', DVC)
  project.write('train.sh', 'true\n')
  project.write('params.yaml', 'rate: 0.1\n')
  project.write('scores.json', '{"acc": 0.5, "deep": {"n": 1}}')
  project.write('loss.csv', 'step,train,val\n0,1,2\n1,0.5,1.5\n')
  project.write('classes.csv', 'actual,predicted\ncat,cat\ncat,dog\n')
  project.write('smooth.csv', 'v\n1\n2\n')
  project.write('image.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
  commit(project)
  project.write('params.yaml', 'rate: 0.2\n')
  project.write('scores.json', '{"acc": 0.75, "deep": {"n": 1}}')
  project.write('loss.csv', 'step,train,val\n0,1,2\n1,0.25,1.25\n')
  return project
}

/** Makes a commit of all that is there, with a repository where there is none. */
export function commit(project: Project): void {
  const git = (...args: readonly string[]): Buffer =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
      cwd: project.dir,
    })
  git('init', '-q', '-b', 'main')
  project.write('.gitignore', '/node_modules\n/.stepwell\n/dvc_plots\n')
  git('add', '-A')
  git('commit', '-q', '-m', 'state')
}

/** Commands that between them print all that there is. */
export const COMPARISONS: readonly (readonly string[])[] = [
  ['metrics', 'show'],
  ['metrics', 'diff'],
  ['params', 'diff'],
  ['plots', 'diff', 'HEAD', '--out', 'page.html'],
]
