import { StepwellError } from '@stepwell/engine/author'

// Lower case only, since some file systems do not tell `Bikes` from `bikes`.
const NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/
const ALIAS = /^[a-z][a-z0-9_-]{0,62}$/
const VERSION = /^[0-9a-f]{16}$/
// Names of devices on Windows, whatever the folder.
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)$/

export function isModelName(name: string): boolean {
  return NAME.test(name) && !DEVICES.test(name)
}

export function isAliasName(alias: string): boolean {
  return ALIAS.test(alias) && !DEVICES.test(alias) && !VERSION.test(alias)
}

/** @throws StepwellError STEPWELL_MODEL_NAME */
export function requireModelName(name: string): string {
  if (isModelName(name)) return name
  throw refused('the name of a model', name, 'lower-case letters, digits, _ and -, at most 100')
}

/** @throws StepwellError STEPWELL_MODEL_NAME */
export function requireAliasName(alias: string): string {
  if (isAliasName(alias)) return alias
  const expected = 'a lower-case letter, then letters, digits, _ and -, at most 63; no version'
  throw refused('the name of an alias', alias, expected)
}

export function isVersionId(text: string): boolean {
  return VERSION.test(text)
}

/** A model, and which of its versions: `bikes`, `bikes@challenger`, `bikes@0123456789abcdef`. */
export interface ModelRef {
  readonly model: string
  /** An alias or the id of a version; `undefined` when it was left open. */
  readonly which: string | undefined
}

/** @throws StepwellError STEPWELL_MODEL_NAME */
export function parseModelRef(text: string): ModelRef {
  const at = text.indexOf('@')
  if (at === -1) return { model: requireModelName(text), which: undefined }
  const which = text.slice(at + 1)
  if (!isVersionId(which)) requireAliasName(which)
  return { model: requireModelName(text.slice(0, at)), which }
}

function refused(what: string, got: string, expected: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_MODEL_NAME',
    summary: `${JSON.stringify(got.slice(0, 120))} cannot be ${what}`,
    details: `it may have ${expected}`,
    hint: 'choose another name',
  })
}
