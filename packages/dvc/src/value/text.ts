import { isScalar, kindName, type DvcKey, type DvcValue } from './value.ts'

/** A float as Python's `repr` writes it: `1.0`, `1e-07`, `1e+16`, `inf`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const [mantissa = '', power = '0'] = Math.abs(value).toExponential().split('e')
  const digits = mantissa.replace('.', '')
  const exponent = Number(power)
  if (exponent < -4 || exponent >= 16) {
    const rest = digits.slice(1)
    const shown = String(Math.abs(exponent)).padStart(2, '0')
    const point = rest === '' ? '' : `.${rest}`
    return `${sign}${digits[0]}${point}e${exponent < 0 ? '-' : '+'}${shown}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}

/** A scalar as Python's `str` writes it. */
export function pythonText(value: DvcKey): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'number' ? floatText(value) : String(value)
}

/** A scalar as it stands in a text with `${...}`: as Python's `str`, but `true` and `false`. */
export function templateText(value: DvcKey): string {
  return typeof value === 'boolean' ? String(value) : pythonText(value)
}

/** Any value in a message, or where text alone makes sense. */
export function anyText(value: DvcValue): string {
  if (isScalar(value)) return pythonText(value)
  return 'kind' in value && value.kind === 'date' ? value.text : kindName(value)
}
