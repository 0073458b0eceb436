import { looksTyped } from './yaml-scalar.ts'

/** How a text is written in YAML. */
export type ScalarStyle = 'plain' | 'single' | 'double'

const BREAKS = '\n\u0085\u2028\u2029'
const BLANKS = `\0 \t\r${BREAKS}`

/** Whether a text has a line break in it. */
export function isMultiline(text: readonly string[]): boolean {
  return text.some((sign) => BREAKS.includes(sign))
}

/** The style that ruamel chooses for a text, given as its characters. */
export function scalarStyle(text: readonly string[]): ScalarStyle {
  const whole = text.join('')
  if (isPlain(text) && !looksTyped(whole)) return 'plain'
  if (whole.includes("'") || whole.includes('\n')) return 'double'
  return fitsSingle(text) && !isMultiline(text) ? 'single' : 'double'
}

function isPlain(text: readonly string[]): boolean {
  const first = text[0]
  const last = text.at(-1)
  if (first === undefined || last === undefined) return false
  if (first === ' ' || last === ' ' || isMultiline(text) || text.some(isSpecial)) return false
  const whole = text.join('')
  if (whole.startsWith('---') || whole.startsWith('...')) return false
  const blankBehind = (index: number): boolean => {
    const next = text[index + 1]
    return next === undefined || BLANKS.includes(next)
  }
  if ('#,[]{}&*!|>\'"%@`'.includes(first)) return false
  if ('?:-'.includes(first) && blankBehind(0)) return false
  return text.every((sign, index) => {
    if (index === 0) return true
    if (sign === ':') return !blankBehind(index)
    return sign !== '#' || !BLANKS.includes(text[index - 1] ?? '')
  })
}

function fitsSingle(text: readonly string[]): boolean {
  return !text.some(isSpecial)
}

/** What can only be written with an escape. */
function isSpecial(sign: string): boolean {
  if (sign === '\n' || (sign >= ' ' && sign <= '~')) return false
  return !isShown(sign)
}

/** Whether a character beyond ASCII is written as it is. */
export function isShown(sign: string): boolean {
  const code = sign.codePointAt(0) ?? 0
  if (code === 0xfe_ff) return false
  return (
    code === 0x85 ||
    (code >= 0xa0 && code <= 0xd7_ff) ||
    (code >= 0xe0_00 && code <= 0xff_fd) ||
    (code >= 0x1_00_00 && code <= 0x10_ff_ff)
  )
}
