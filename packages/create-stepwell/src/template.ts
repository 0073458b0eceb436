/** What a project can begin with. */
export interface Template {
  readonly name: string
  /** For people who choose. */
  readonly about: string
  readonly dependencies: readonly string[]
  /** What the reader does once everything is installed; the first line runs the pipeline. */
  readonly next: readonly string[]
}

const RUN = 'npx stepwell run'

export const TEMPLATES: readonly Template[] = [
  {
    name: 'ml',
    about: 'from a CSV file to a model that is served and monitored',
    dependencies: ['@stepwell/engine', '@stepwell/steps', '@stepwell/loop', '@stepwell/serve'],
    next: [RUN, 'npx stepwell serve churn'],
  },
  {
    name: 'typescript',
    about: 'five steps in plain TypeScript: collect, clean, train, evaluate, deploy',
    dependencies: ['@stepwell/engine'],
    next: [RUN],
  },
  {
    name: 'python',
    about: 'the same five steps as Python scripts',
    dependencies: ['@stepwell/engine'],
    next: ['pip install -r requirements.txt', RUN],
  },
  {
    name: 'dvc',
    about: 'an existing dvc.yaml, run in parallel, with steps in TypeScript after it',
    dependencies: ['@stepwell/engine', '@stepwell/dvc'],
    next: [RUN],
  },
]

export function templateOf(name: string): Template | undefined {
  return TEMPLATES.find((template) => template.name === name)
}
