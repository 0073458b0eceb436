import { readPlainYaml } from '../format/plain-yaml.ts'
import { parseYaml } from '../format/yaml.ts'
import { writeYaml } from '../format/yaml-writer.ts'
import { isMap, type DvcMap } from '../value/value.ts'

/** The text of a `dvc.lock`, cut into the entries of its stages. */
export interface LockText {
  /** All up to the first entry: at its end, the line `stages:` and perhaps comments. */
  readonly head: string
  readonly entries: readonly EntryText[]
  /** All behind the last entry. */
  readonly tail: string
  readonly indent: number
}

interface EntryText {
  readonly name: string
  readonly value: DvcMap
  readonly text: string
}

const EMPTY = "schema: '2.0'\nstages:\n"
const STAGES = /^stages: *(?:\{ *\} *)?$/m

/**
 * Cuts a `dvc.lock` into its entries, or returns `undefined` for one that is not laid out in blocks.
 */
export function cutLock(file: string, text: string): LockText | undefined {
  const stages = STAGES.exec(text)
  if (stages === null) {
    if (/^(?:stages\b|[{[])/m.test(text)) return undefined
    const head = text.trim() === '' ? EMPTY : `${ended(text)}stages:\n`
    return { head, entries: [], tail: '', indent: 2 }
  }
  const start = stages.index + stages[0].length + 1
  const head = `${text.slice(0, stages.index)}stages:\n`
  const end = endOfBlock(text, start)
  const pieces = piecesOf(text.slice(start, end))
  if (pieces === undefined) return undefined
  const entries: EntryText[] = []
  for (const piece of pieces.texts) {
    const entry = entryIn(file, piece)
    if (entry === undefined) return undefined
    entries.push(entry)
  }
  return { head: head + pieces.before, entries, tail: text.slice(end), indent: pieces.indent }
}

/** The text with these entries: those that were there keep their place, new ones come last. */
export function joinLock(cut: LockText, entries: ReadonlyMap<string, DvcMap>): string {
  const known = new Set(cut.entries.map(({ name }) => name))
  const kept = cut.entries.map(({ name, text }) => {
    const value = entries.get(name)
    if (value === undefined) return ended(text)
    return entryText(name, value, cut.indent) + trailing(text)
  })
  const added = [...entries].filter(([name]) => !known.has(name))
  const texts = added.map(([name, value]) => entryText(name, value, cut.indent))
  return cut.head + numbered([...kept, ...texts]).join('') + cut.tail
}

const ANCHOR = /^(\s*(?:[-?:] )*(?:[^:\n]*:)? ?)([&*])id(\d{3,})$/gm

// Each entry names its anchors from id001 on; in a file, ruamel counts them all through.
function numbered(texts: readonly string[]): readonly string[] {
  let count = 0
  return texts.map((text) => {
    if (!text.includes('*id')) return text
    const names = new Map<string, string>()
    for (const [, , sign, name = ''] of text.matchAll(ANCHOR)) {
      if (sign === '*' && !names.has(name)) names.set(name, String(++count).padStart(3, '0'))
    }
    return text.replace(ANCHOR, (_, before: string, sign: string, name: string) => {
      return `${before}${sign}id${names.get(name) ?? name}`
    })
  })
}

function entryText(name: string, value: DvcMap, indent: number): string {
  return `${' '.repeat(indent)}${writeYaml(new Map([[name, value]]), indent).trimStart()}`
}

// Comments and blank lines behind an entry stay.
function trailing(text: string): string {
  return /(?:^[ \t]*(?:#.*)?\n)+$/m.exec(text)?.[0] ?? ''
}

function endOfBlock(text: string, start: number): number {
  const next = /^[^\s#]/m.exec(text.slice(start))
  return next === null ? text.length : start + next.index
}

interface Pieces {
  /** What stands in front of the first entry: blank lines and comments. */
  readonly before: string
  readonly texts: readonly string[]
  readonly indent: number
}

function piecesOf(block: string): Pieces | undefined {
  const first = /^( +)[^\s#]/m.exec(block)
  const indent = first?.[1]?.length
  if (first === null || indent === undefined) {
    const blank = block.split('\n').every((line) => /^\s*(?:#|$)/.test(line))
    return blank ? { before: block, texts: [], indent: 2 } : undefined
  }
  const texts: string[] = []
  let piece = ''
  for (const line of block.slice(first.index).split(/(?<=\n)/)) {
    const depth = /^ */.exec(line)?.[0].length ?? 0
    const begins = depth === indent && !'#\n\r-:'.includes(line.charAt(depth) || '\n')
    if (begins && piece !== '') {
      texts.push(piece)
      piece = ''
    }
    piece += line
  }
  return { before: block.slice(0, first.index), texts: [...texts, piece], indent }
}

function entryIn(file: string, piece: string): EntryText | undefined {
  let map = readPlainYaml(piece)
  try {
    const read = map ?? parseYaml(file, piece).root?.value
    map = read !== undefined && isMap(read) ? read : undefined
  } catch {
    // Cut at a wrong place, or damaged: reading the whole tells.
    return undefined
  }
  const [entry, ...others] = map ?? []
  if (entry === undefined || others.length > 0) return undefined
  const [name, value] = entry
  return typeof name === 'string' && isMap(value) ? { name, value, text: piece } : undefined
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
