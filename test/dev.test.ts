import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ended, Project, ROOT } from './rig.ts'

test('the way in works on the folder that it is called from, and passes a SIGTERM on', async () => {
  const project = new Project()
  // It runs the sources, and so must what the project imports.
  rmSync(project.path('node_modules'))
  mkdirSync(project.path('node_modules'))
  symlinkSync(join(ROOT, 'packages'), project.path('node_modules/@stepwell'), 'junction')
  project.write(
    'pipeline.ts',
    `import { pipeline, step } from '@stepwell/engine'
     const wait = step({ run: (_, { signal }) => new Promise((_, fail) => {
       signal.addEventListener('abort', () => fail(signal.reason))
       console.log('it waits')
       setInterval(() => undefined, 1000)
     }) })
     export default pipeline('waiting', { wait })`,
  )
  const dev = join(ROOT, 'scripts', 'dev.mjs')
  const child = spawn(process.execPath, [dev, 'stepwell', 'run', '--verbose'], {
    cwd: project.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // It has the output of the child: this ends when both have ended.
  const exit = ended(child)
  let said = ''
  await new Promise<void>((heard) => {
    child.stdout.on('data', (text: string) => {
      said += text
      if (said.includes('it waits')) heard()
    })
  })
  child.kill('SIGTERM')
  expect((await exit).code).toBe(130)
})
