import { dvcError } from '../dvc-error.ts'
import { placeOf, type YamlText } from '../format/yaml.ts'
import { isMap, kindName, type DvcMap, type DvcValue } from '../value/value.ts'

/** Where the fields of a stage stand, and what its paths are relative to. */
export interface Where {
  readonly yaml: YamlText
  readonly root: string
  readonly wdir: string
}

/** @throws StepwellError STEPWELL_DVC_TEMPLATE where a template became something else than text */
export function expectText(
  value: DvcValue,
  at: { readonly offset: number },
  yaml: YamlText,
): string {
  if (typeof value === 'string' && value !== '') return value
  throw dvcError(placeOf(yaml, at), {
    code: 'STEPWELL_DVC_TEMPLATE',
    summary: `found ${value === '' ? 'an empty text' : kindName(value)}`,
    hint: 'expected text; a template with more than ${...} in it always becomes text',
  })
}

export function asMap(value: DvcValue): DvcMap | undefined {
  return isMap(value) ? value : undefined
}
