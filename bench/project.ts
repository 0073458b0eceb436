import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const HELPERS = 30

/** Writes a project of steps that are spread over modules, each with helpers of its own and of others. */
export function writeProject(dir: string, engine: string, steps: number, modules: number): void {
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  write('package.json', '{ "type": "module" }\n')
  mkdirSync(join(dir, 'node_modules', '@stepwell'), { recursive: true })
  symlinkSync(engine, join(dir, 'node_modules', '@stepwell', 'engine'), 'junction')
  const names: string[] = []
  const lines: string[] = []
  for (let at = 0; at < modules; at += 1) {
    const own = Array.from({ length: Math.ceil((steps - at) / modules) }, (_, nth) => {
      return `step${at}x${nth}`
    })
    names.push(...own)
    lines.push(`import { ${own.join(', ')} } from './steps/m${at}.ts'`)
    write(`steps/m${at}.ts`, moduleText(at, own))
  }
  lines.push(`import { pipeline } from '@stepwell/engine'`)
  lines.push(`export default pipeline('bench', { ${names.join(', ')} })`)
  write('pipeline.ts', `${lines.join('\n')}\n`)
}

function moduleText(at: number, steps: readonly string[]): string {
  // Chains of helpers go through a few modules, not through all.
  const others = at % 4 === 0 ? [] : [at - 1, ...(at > 7 ? [at - 7] : [])]
  const lines = [`import { step } from '@stepwell/engine'`]
  for (const other of others) {
    lines.push(`import { help${other}x0, help${other}x9 } from './m${other}.ts'`)
  }
  for (let nth = 0; nth < HELPERS; nth += 1) lines.push(helperText(at, nth, others))
  for (const [nth, name] of steps.entries()) {
    const [one, two] = [nth % HELPERS, (nth * 7 + 3) % HELPERS]
    lines.push(`/** Makes ${name}. */
export const ${name} = step({
  params: { at: ${nth} },
  run: (_: object, { params }: { readonly params: { readonly at: number } }): number => {
    const first = help${at}x${one}([params.at, ${nth}])
    return first.reduce((sum, each) => sum + each, help${at}x${two}([first.length]).length)
  },
})`)
  }
  return `${lines.join('\n\n')}\n`
}

function helperText(at: number, nth: number, others: readonly number[]): string {
  const [other] = others
  const next = nth % 6 === 5 ? undefined : `help${at}x${nth + 1}`
  const further = next ?? (other === undefined ? 'Array.from' : `help${other}x0`)
  return `/** Scales and clips values; number ${nth} of module ${at}. */
export function help${at}x${nth}(values: readonly number[], limit: number = ${at + nth}): number[] {
  const scaled = values.map((value, index) => value * ${nth + 1} + index / (limit + 1))
  const clipped = scaled.filter((value) => Number.isFinite(value) && value < limit * 1000)
  if (clipped.length === 0) return [limit, ...values].slice(0, 3)
  return further${at}x${nth}(clipped.slice(0, ${(nth % 5) + 1}))
}

const further${at}x${nth} = (values: number[]): number[] => (values.length > 3 ? ${further}(values) : values)`
}
