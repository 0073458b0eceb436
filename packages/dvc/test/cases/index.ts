import type { ProjectCase } from '../project-case.ts'
import { MORE_CASES } from './more.ts'
import { PARAM_CASES } from './params.ts'
import { PROJECT_CASES } from './projects.ts'
import { STAGE_CASES } from './stages.ts'
import { TEMPLATE_CASES } from './templates.ts'

export const PROJECTS: readonly ProjectCase[] = [
  ...STAGE_CASES,
  ...PARAM_CASES,
  ...TEMPLATE_CASES,
  ...PROJECT_CASES,
  ...MORE_CASES,
]
