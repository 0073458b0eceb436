export { loadProject, type DvcProject } from './project/load-project.ts'
