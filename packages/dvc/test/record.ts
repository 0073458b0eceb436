import { mkdirSync, writeFileSync } from 'node:fs'
import { PROJECTS } from './cases/index.ts'
import { HISTORIES } from './cases/histories.ts'
import { PLAN_FILES, PLANS } from './cases/plans.ts'
import { REFUSED_CASES } from './cases/refused.ts'
import { recordHistory } from './history.ts'
import { realDvc, record, recordPlans, refuses } from './real-dvc.ts'

// Writes fixtures/recorded anew: STEPWELL_DVC=/path/to/dvc node --conditions=@stepwell/source record.ts [name...]
const folder = new URL('fixtures/recorded/', import.meta.url)
const dvc = realDvc()
if (dvc === undefined) throw new Error('STEPWELL_DVC is the path of a dvc')
mkdirSync(folder, { recursive: true })
// `refused` and `plans` stand for the projects that DVC refuses, and for what it looks at.
const only = process.argv.slice(2)
for (const project of PROJECTS) {
  if (only.length > 0 && !only.includes(project.name)) continue
  process.stdout.write(`${project.name}\n`)
  const recording = await record(dvc, project)
  writeFileSync(new URL(`${project.name}.json`, folder), `${JSON.stringify(recording, null, 1)}\n`)
}
for (const history of HISTORIES) {
  if (only.length > 0 && !only.includes(history.name)) continue
  const recording = await recordHistory(dvc, history)
  writeFileSync(new URL(`${history.name}.json`, folder), `${JSON.stringify(recording, null, 1)}\n`)
}
if (only.length === 0 || only.includes('refused')) {
  const refused: Record<string, boolean> = {}
  for (const project of REFUSED_CASES) refused[project.name] = await refuses(dvc, project)
  const made = { version: dvc.version, refused }
  writeFileSync(new URL('dvc.json', folder), `${JSON.stringify(made, null, 1)}\n`)
}
if (only.length === 0 || only.includes('plans')) {
  const plans = await recordPlans(dvc, PLAN_FILES, PLANS)
  writeFileSync(new URL('plans.json', folder), `${JSON.stringify(plans, null, 1)}\n`)
}
dvc.close()
