import type { GlobHandle } from './inputs.ts'
import type { Handle, Input } from './step.ts'

/** The kinds of inputs. Each has a file of its own in `decide/inputs`. */
export const INPUT_KINDS: readonly Input['kind'][] = [
  'file',
  'dir',
  'any',
  'glob',
  'url',
  'env',
  'secret',
  'step',
  'pick',
  'out',
]

const FROM_STEPS = new Set<Input['kind']>(['step', 'pick', 'out'])
const IN_INPUTS = new Set<Input['kind']>([...FROM_STEPS, 'url', 'secret'])

/** Those that code may depend on without being given them. */
export const DEPENDENCY_KINDS: readonly Handle['kind'][] = INPUT_KINDS.filter(
  (kind): kind is Handle['kind'] => !IN_INPUTS.has(kind),
)

/** Whether an input is the files that match patterns. */
export function isGlob(handle: { readonly kind: string } | undefined): handle is GlobHandle {
  return handle?.kind === 'glob'
}
