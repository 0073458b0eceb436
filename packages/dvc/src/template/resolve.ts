import { dvcError } from '../dvc-error.ts'
import type { YamlNode } from '../format/node.ts'
import { placeOf, type YamlText } from '../format/yaml.ts'
import { FlagError, flagsText, type FlagStyle } from '../value/flags.ts'
import { templateText } from '../value/text.ts'
import { isMap, isScalar, kindName, type DvcKey, type DvcValue } from '../value/value.ts'
import { select, type Context } from './context.ts'
import { templateOf, TemplateSyntaxError, type Template } from './template.ts'

/** What a template may become: a single value, in a `cmd` also flags, or anything. */
export type Allowed = 'single' | 'command' | 'any'

export interface Resolving {
  readonly yaml: YamlText
  readonly flags: FlagStyle
}

/**
 * The value of a node, with all templates in it resolved, also in the keys of maps.
 * @throws StepwellError STEPWELL_DVC_TEMPLATE naming the place
 */
export function resolveNode(
  node: YamlNode,
  context: Context,
  allowed: Allowed,
  resolving: Resolving,
): DvcValue {
  if (isConstant(node)) return node.value
  switch (node.kind) {
    case 'scalar':
      return typeof node.value === 'string'
        ? resolveText(node.value, node, context, allowed, resolving)
        : node.value
    case 'list':
      return node.items.map((item) => resolveNode(item, context, allowed, resolving))
    case 'map': {
      const map = new Map<DvcKey, DvcValue>()
      for (const { key, offset, node: value } of node.entries) {
        const name =
          typeof key === 'string' ? resolveText(key, { offset }, context, 'single', resolving) : key
        if (isScalar(name)) map.set(name, resolveNode(value, context, allowed, resolving))
      }
      return map
    }
  }
}

/** @throws StepwellError STEPWELL_DVC_TEMPLATE naming the place */
export function resolveText(
  text: string,
  at: { readonly offset: number },
  context: Context,
  allowed: Allowed,
  resolving: Resolving,
): DvcValue {
  try {
    const template = templateOf(text)
    return template === undefined ? text : fill(template, context, allowed, resolving.flags)
  } catch (error) {
    const known =
      error instanceof UnresolvedError ||
      error instanceof TemplateSyntaxError ||
      error instanceof FlagError
    if (!known) throw error
    throw dvcError(placeOf(resolving.yaml, at), {
      code: 'STEPWELL_DVC_TEMPLATE',
      summary: error.message,
      hint: error instanceof UnresolvedError ? error.hint : 'expected ${name}, ${a.b} or ${a[0]}',
    })
  }
}

class UnresolvedError extends Error {
  override readonly name = 'UnresolvedError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

function fill(
  { texts, expressions, exact }: Template,
  context: Context,
  allowed: Allowed,
  flags: FlagStyle,
): DvcValue {
  let filled = texts[0] ?? ''
  for (const [index, { text, path }] of expressions.entries()) {
    const value = select(context, path)
    if (value === undefined) {
      const names = [...context.own.keys(), ...context.values.keys()].map(String)
      throw new UnresolvedError(
        `could not find '${text}'`,
        names.length === 0
          ? 'expected params.yaml beside dvc.yaml, or vars, to define it'
          : `expected one of: ${names.slice(0, 20).join(', ')}`,
      )
    }
    if (exact && (allowed === 'any' || isScalar(value))) return value
    filled += shown(text, value, exact ? 'single' : allowed, flags)
    filled += texts[index + 1] ?? ''
  }
  return filled
}

function shown(name: string, value: DvcValue, allowed: Allowed, flags: FlagStyle): string {
  if (isScalar(value)) return templateText(value)
  if (isMap(value) && allowed === 'command') return flagsText(value, flags)
  throw new UnresolvedError(
    `'${name}' is ${kindName(value)}, which cannot be part of a text`,
    'expected a single value; a map only within the text of a cmd',
  )
}

// Most of what a template of ten thousand stages holds is the same in all of them.
const constants = new WeakMap<YamlNode, boolean>()

function isConstant(node: YamlNode): boolean {
  if (node.kind === 'scalar') return typeof node.value !== 'string' || !node.value.includes('${')
  const known = constants.get(node)
  if (known !== undefined) return known
  const constant =
    node.kind === 'list'
      ? node.items.every(isConstant)
      : node.entries.every(
          ({ key, node: value }) =>
            isConstant(value) && !(typeof key === 'string' && key.includes('${')),
        )
  constants.set(node, constant)
  return constant
}
