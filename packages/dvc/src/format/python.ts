import type { DvcKey, DvcMap, DvcValue } from '../value/value.ts'
import { literalValue } from './python-literal.ts'
import { pythonLines, type PythonLine, type PythonToken } from './python-tokens.ts'

/**
 * The params of a Python file: literals assigned at its top level, in classes (`Class.name`) and to
 * `self` in `__init__`. All else is passed over. Tuples are lists.
 */
export function parsePython(text: string): DvcMap {
  const lines = pythonLines(text)
  const params = new Map<DvcKey, DvcValue>()
  readBlock(lines, 0, lines.length, false, params)
  return params
}

function readBlock(
  lines: readonly PythonLine[],
  start: number,
  end: number,
  onlySelf: boolean,
  params: Map<DvcKey, DvcValue>,
): void {
  for (let at = start; at < end;) {
    const line = lines[at]
    if (line === undefined) return
    let next = at + 1
    while (next < end && (lines[next]?.indent ?? 0) > line.indent) next++
    const [first, second] = line.tokens
    if (first?.text === 'class' && second?.kind === 'name') {
      const members = new Map<DvcKey, DvcValue>()
      readBody(lines, at, next, false, members)
      params.set(second.text, members)
    } else if (first?.text === 'def' && second?.text === '__init__') {
      readBody(lines, at, next, true, params)
    } else {
      readStatements(line.tokens, onlySelf, params)
    }
    at = next
  }
}

// The body stands on the lines below, or behind the colon.
function readBody(
  lines: readonly PythonLine[],
  head: number,
  end: number,
  onlySelf: boolean,
  params: Map<DvcKey, DvcValue>,
): void {
  const tokens = lines[head]?.tokens ?? []
  const rest = tokens.slice(colonIn(tokens) + 1)
  readStatements(rest, onlySelf, params)
  readBlock(lines, head + 1, end, onlySelf, params)
}

function readStatements(
  tokens: readonly PythonToken[],
  onlySelf: boolean,
  params: Map<DvcKey, DvcValue>,
): void {
  let rest = tokens
  while (rest.length > 0) {
    const end = rest.findIndex(({ kind, text }) => kind === 'sign' && text === ';')
    readAssignment(end === -1 ? rest : rest.slice(0, end), onlySelf, params)
    rest = end === -1 ? [] : rest.slice(end + 1)
  }
}

function colonIn(tokens: readonly PythonToken[]): number {
  let depth = 0
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'sign') continue
    if ('([{'.includes(text)) depth++
    if (')]}'.includes(text)) depth--
    if (text === ':' && depth === 0) return index
  }
  return tokens.length
}

function readAssignment(
  tokens: readonly PythonToken[],
  onlySelf: boolean,
  params: Map<DvcKey, DvcValue>,
): void {
  const target = targetOf(tokens, onlySelf)
  if (target === undefined) return
  const { name, after } = target
  const equals = tokens.findIndex(
    ({ kind, text }, at) => at >= after && kind === 'sign' && text === '=',
  )
  // Between the name and the sign there is nothing, or an annotation.
  if (equals === -1 || (equals > after && tokens[after]?.text !== ':')) return
  const value = literalValue(tokens.slice(equals + 1))
  if (value !== undefined) params.set(name, value)
}

function targetOf(
  tokens: readonly PythonToken[],
  onlySelf: boolean,
): { readonly name: string; readonly after: number } | undefined {
  const [first, dot, member] = tokens
  if (first?.kind !== 'name') return undefined
  if (first.text === 'self' && dot?.text === '.' && member?.kind === 'name') {
    return { name: member.text, after: 3 }
  }
  return onlySelf ? undefined : { name: first.text, after: 1 }
}
