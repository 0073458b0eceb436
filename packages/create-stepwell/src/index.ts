export { createProject, type CreatedProject, type ProjectOptions } from './create-project.ts'
export { TEMPLATES, type Template } from './template.ts'
export { runCreate } from './run-create.ts'
