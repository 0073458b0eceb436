import { describe, expect, test } from 'vitest'
import { WORD_STAGES } from './dvc-words.ts'
import { Project } from './rig.ts'
import { Watching } from './watching.ts'

function watched(): Project {
  const project = new Project()
  project.write('dvc.yaml', WORD_STAGES)
  project.write('params.yaml', 'factor: 2\n')
  project.write('words.txt', 'one two\n')
  return project
}

// Events of the file system come late, or in other portions, on a machine that is busy with other things.
describe('watch on a project with dvc.yaml', { retry: 3, timeout: 30_000 }, () => {
  test('runs what a change affects: a param, a dependency, dvc.yaml itself', async () => {
    const project = watched()
    const watching = new Watching(project)
    expect(await watching.idle()).toMatch(/2 steps: 2 succeeded[^]*^dvc\.lock was brought up/m)

    project.edit('params.yaml', '2', '3')
    await watching.says(/^params\.yaml changed: running$/m)
    const param = await watching.idle()
    expect(param).toMatch(/^count: cached/m)
    expect(param).toMatch(/^scale: started \(params\.params\.yaml\.factor 2 -> 3; the command/m)
    expect(project.read('scaled.txt')).toBe('6\n')
    expect(project.read('dvc.lock')).toContain('factor: 3')

    project.write('words.txt', 'one two three\n')
    await watching.says(/^words\.txt changed: running$/m)
    expect(await watching.idle()).toMatch(/2 steps: 2 succeeded/)
    expect(project.read('scaled.txt')).toBe('9\n')

    project.write(
      'dvc.yaml',
      `${WORD_STAGES}  report:\n    cmd: cp scaled.txt report.txt\n    deps: [scaled.txt]\n    outs: [report.txt]\n`,
    )
    await watching.says(/^dvc\.yaml changed: running$/m)
    expect(await watching.idle()).toMatch(/3 steps: 1 succeeded, 2 cached/)
    expect(project.read('report.txt')).toBe('9\n')

    // What cannot be read is told of, and tried again.
    project.edit('dvc.yaml', 'deps: [scaled.txt]', 'deps: [scaled.txt')
    await watching.says(/^dvc\.yaml changed: running$/m)
    expect(await watching.idle()).toMatch(/STEPWELL_DVC_YAML/)
    project.edit('dvc.yaml', 'deps: [scaled.txt', 'deps: [scaled.txt, words.txt]')
    await watching.says(/^dvc\.yaml changed: running$/m)
    expect(await watching.idle()).toMatch(/3 steps: 1 succeeded, 2 cached/)

    watching.child.kill('SIGINT')
    expect(await watching.exit).toBe(0)
    // Neither the outs nor dvc.lock began one.
    expect(watching.runs).toBe(5)
  })
})
