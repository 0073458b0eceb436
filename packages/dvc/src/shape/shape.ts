import { dvcError } from '../dvc-error.ts'
import type { YamlNode } from '../format/node.ts'
import { placeOf, type YamlText } from '../format/yaml.ts'
import { isMap, kindName } from '../value/value.ts'

/** What a node of a YAML file has to be. */
export interface Shape {
  /** In words, behind "expected". */
  readonly expected: string
  readonly fits: (node: YamlNode) => boolean
  /** Checks what is inside of a node that fits. */
  readonly within?: (node: YamlNode, yaml: YamlText) => void
}

/** @throws StepwellError STEPWELL_DVC_YAML naming file, line, column and what was expected */
export function check(node: YamlNode, shape: Shape, yaml: YamlText, name: string): void {
  if (!shape.fits(node)) {
    refuse(yaml, node, `${name} is ${kindName(node.value)}`, `expected ${shape.expected}`)
  }
  shape.within?.(node, yaml)
}

function refuse(
  yaml: YamlText,
  at: { readonly offset: number },
  what: string,
  hint: string,
): never {
  throw dvcError(placeOf(yaml, at), { code: 'STEPWELL_DVC_YAML', summary: what, hint })
}

export const text: Shape = {
  expected: 'text (put it in quotes if it looks like something else)',
  fits: (node) => typeof node.value === 'string',
}
export const flag: Shape = {
  expected: 'true or false',
  fits: (node) => typeof node.value === 'boolean',
}
export const whole: Shape = {
  expected: 'a whole number',
  fits: (node) => typeof node.value === 'bigint',
}
export const anything: Shape = { expected: 'anything', fits: () => true }
export const anyMap: Shape = { expected: 'a map', fits: (node) => node.kind === 'map' }
export const anyList: Shape = { expected: 'a list', fits: (node) => node.kind === 'list' }
export const nothing: Shape = { expected: 'nothing', fits: (node) => node.value === null }

export function listOf(item: Shape): Shape {
  return {
    expected: `a list of ${item.expected}`,
    fits: (node) => node.kind === 'list',
    within: (node, yaml) => {
      if (node.kind !== 'list') return
      for (const [index, each] of node.items.entries()) check(each, item, yaml, `item ${index + 1}`)
    },
  }
}

/** A map with any names. */
export function mapOf(value: Shape): Shape {
  return {
    expected: `a map with ${value.expected} under each name`,
    fits: (node) => node.kind === 'map',
    within: (node, yaml) => {
      if (node.kind !== 'map') return
      for (const { key, offset, node: each } of node.entries) {
        if (typeof key !== 'string') {
          refuse(yaml, { offset }, `the name is ${kindName(key)}`, `expected ${text.expected}`)
        }
        check(each, value, yaml, `'${key}'`)
      }
    },
  }
}

/** A map with these names and no others. */
export function record(
  expected: string,
  fields: Readonly<Record<string, Shape>>,
  required: readonly string[] = [],
): Shape {
  const shapes = new Map(Object.entries(fields))
  return {
    expected,
    fits: (node) => node.kind === 'map',
    within: (node, yaml) => {
      if (node.kind !== 'map' || !isMap(node.value)) return
      for (const { key, offset, node: each } of node.entries) {
        const shape = shapes.get(String(key))
        if (shape === undefined) {
          const names = [...shapes.keys()].join(', ')
          refuse(yaml, { offset }, `unknown key '${String(key)}'`, `expected one of: ${names}`)
        }
        check(each, shape, yaml, `'${String(key)}'`)
      }
      for (const name of required) {
        if (node.value.has(name)) continue
        refuse(yaml, node, `'${name}' is missing`, `expected ${expected} with '${name}'`)
      }
    },
  }
}

/** The first of several that fits. */
export function either(...shapes: readonly Shape[]): Shape {
  return {
    expected: shapes.map(({ expected }) => expected).join(', or '),
    fits: (node) => shapes.some((shape) => shape.fits(node)),
    within: (node, yaml) => shapes.find((shape) => shape.fits(node))?.within?.(node, yaml),
  }
}
