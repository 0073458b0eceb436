import { dvcError } from '../dvc-error.ts'
import { child, type YamlNode } from '../format/node.ts'
import { placeOf } from '../format/yaml.ts'
import { pythonText, templateText } from '../value/text.ts'
import {
  isList,
  isMap,
  isScalar,
  kindName,
  type DvcKey,
  type DvcMap,
  type DvcValue,
} from '../value/value.ts'
import { withOwn, type Context } from './context.ts'
import { resolveNode, type Resolving } from './resolve.ts'

/** One stage that `foreach` or `matrix` makes: what stands behind the `@`, and what its templates see. */
export interface Member {
  readonly key: string
  readonly context: Context
}

/**
 * The members of a `foreach`: by its keys, its values, or the indexes of a list of maps and lists.
 * @throws StepwellError STEPWELL_DVC_TEMPLATE
 */
export function foreachMembers(node: YamlNode, context: Context, resolving: Resolving): Member[] {
  const over = resolveNode(node, context, 'any', resolving)
  if (isMap(over)) {
    const pairs = [...over].map(([key, item]) => [templateText(key), item] as const)
    return membersOf(pairs, (key, item) =>
      withOwn(
        context,
        new Map<string, DvcValue>([
          ['item', item],
          ['key', key],
        ]),
      ),
    )
  }
  if (!isList(over)) return refuse(node, resolving, over, 'a list or a map behind foreach')
  const composite = over.some((item) => !isScalar(item))
  const pairs = over.map((item, index) => {
    const key = composite || !isScalar(item) ? String(index) : nameOf(item, node, index)
    return [key, item] as const
  })
  return membersOf(pairs, (_, item) => withOwn(context, new Map([['item', item]])))
}

/**
 * The members of a `matrix`: all combinations, the last list running fastest.
 * @throws StepwellError STEPWELL_DVC_TEMPLATE
 */
export function matrixMembers(node: YamlNode, context: Context, resolving: Resolving): Member[] {
  const axes = resolveNode(node, context, 'any', resolving)
  if (!isMap(axes)) return refuse(node, resolving, axes, 'a map of lists behind matrix')
  let combinations: readonly (readonly [string, DvcMap])[] = [['', new Map()]]
  let first = true
  for (const [name, listed] of axes) {
    // Of a map that a template gives, the keys are taken.
    const values = isMap(listed) ? [...listed.keys()] : listed
    if (!isList(values))
      return refuse(node, resolving, values, `a list behind ${String(name)} of matrix`)
    const joint = first ? '' : '-'
    const axis = child(node, String(name)) ?? node
    combinations = combinations.flatMap(([key, item]) =>
      values.map((value, index) => {
        const part = isScalar(value) ? nameOf(value, axis, index) : `${String(name)}${index}`
        const joined: DvcMap = new Map<DvcKey, DvcValue>([...item, [name, value]])
        return [`${key}${joint}${part}`, joined] as const
      }),
    )
    first = false
  }
  return membersOf(combinations, (key, item) =>
    withOwn(
      context,
      new Map<string, DvcValue>([
        ['key', key],
        ['item', item],
      ]),
    ),
  )
}

// DVC names what a template gives by Python's `str`, with `True` and `None`, and what stands in the
// file itself as templates show it.
function nameOf(value: DvcKey, list: YamlNode, index: number): string {
  const source = list.kind === 'list' ? list.items[index] : list
  const literal = source?.kind !== 'scalar' || source.value === value
  return literal ? templateText(value) : pythonText(value)
}

// Of members with one name there is one: the last, at the place of the first.
function membersOf<T>(
  pairs: readonly (readonly [string, T])[],
  see: (key: string, item: T) => Context,
): Member[] {
  return [...new Map(pairs)].map(([key, item]) => ({ key, context: see(key, item) }))
}

function refuse(node: YamlNode, { yaml }: Resolving, value: DvcValue, expected: string): never {
  throw dvcError(placeOf(yaml, node), {
    code: 'STEPWELL_DVC_TEMPLATE',
    summary: `found ${kindName(value)}`,
    hint: `expected ${expected}`,
  })
}
