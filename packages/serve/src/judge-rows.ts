import type { InputField, ModelSchema } from '@stepwell/registry'
import { Refusal, type FieldProblem } from './answer.ts'

export type FeatureRow = Readonly<Record<string, string | number>>

/** Rows that a model can read: its inputs, and nothing else. */
export interface JudgedRows {
  readonly rows: readonly FeatureRow[]
  /** For each row, the inputs that are beyond the range of the training rows. */
  readonly beyond: readonly (readonly string[])[]
}

/**
 * Judges rows by a model's schema. Members that the model does not know are left out.
 * @throws Refusal INVALID_INPUT with each value that is not as it must be
 */
export function judgeRows({ inputs }: ModelSchema, given: readonly unknown[]): JudgedRows {
  const problems: FieldProblem[] = []
  const rows: FeatureRow[] = []
  const beyond: string[][] = []
  for (const [row, value] of given.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push({ row, field: null, code: 'type', message: 'must be an object' })
      continue
    }
    const entries: [string, string | number][] = []
    const outside: string[] = []
    for (const input of inputs) {
      const { name, seen } = input
      const cell: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
      const problem = problemOf(input, cell)
      if (problem === undefined) {
        entries.push([name, cell as string | number])
        const number = cell as number
        if (seen !== undefined && (number < seen.min || number > seen.max)) outside.push(name)
      } else problems.push({ row, field: name, ...problem })
    }
    rows.push(Object.fromEntries(entries))
    beyond.push(outside)
  }
  if (problems.length === 0) return { rows, beyond }
  const [{ row, field, message } = { row: 0, field: null, message: '' }] = problems
  const first = `row ${row}${field === null ? '' : `, ${JSON.stringify(field)}`} ${message}`
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
  throw new Refusal(400, 'INVALID_INPUT', `${first}${more}`, problems)
}

function problemOf(
  { type, min, max, above, values }: InputField,
  cell: unknown,
): Pick<FieldProblem, 'code' | 'message'> | undefined {
  if (cell === undefined || cell === null) return { code: 'missing', message: 'is missing' }
  if (type === 'text') {
    if (typeof cell !== 'string') return { code: 'type', message: 'must be text' }
  } else {
    if (typeof cell !== 'number') return { code: 'type', message: 'must be a number' }
    if (!Number.isFinite(cell)) return { code: 'range', message: 'must be a finite number' }
    if (type === 'integer' && !Number.isSafeInteger(cell)) {
      return { code: 'type', message: 'must be a whole number' }
    }
    if (min !== undefined && cell < min)
      return { code: 'range', message: `must be at least ${min}` }
    if (max !== undefined && cell > max) return { code: 'range', message: `must be at most ${max}` }
    if (above !== undefined && cell <= above) {
      return { code: 'range', message: `must be above ${above}` }
    }
  }
  if (values !== undefined && !values.includes(cell)) {
    return { code: 'value', message: `must be one of ${values.join(', ')}` }
  }
  return undefined
}
