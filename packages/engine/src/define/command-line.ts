import { clip } from '@stepwell/base/text'
import type { Json } from '@stepwell/base/json'
import { MARK } from './shell-text.ts'

/** What a step runs that calls no function: all of it is in the step's key. */
export interface CommandLine {
  /** As declared: a program and its arguments, a text for the shell, or lines, each for a shell of its own. */
  readonly cmd: string | readonly string[] | Lines
  /** The shell that reads a text, or lines, alone or with options of its own; none for a list. */
  readonly shell: string | readonly string[] | null
  /** Where it runs, relative to the project. */
  readonly dir: string
  /** What becomes of what it prints: it goes to the log, or is the step's value. */
  readonly stdout: 'log' | 'text' | 'json'
}

/** Commands for the shell, one after the other until one fails; they have no placeholders. */
export interface Lines {
  readonly lines: readonly string[]
}

/** With what is in no key. */
export interface Command extends CommandLine {
  /** Environment variables that it is given as they are, or all of them. */
  readonly passEnv: readonly string[] | 'all'
  /** Environment variables that it is given besides. */
  readonly setEnv: Readonly<Record<string, string>>
  /** Whether files that it names count. */
  readonly namedFiles: boolean
  /** Whether it writes to the very paths of its outs, and which of them it finds as they were. */
  readonly inPlace: { readonly keeps: readonly string[] } | null
}

/** A text in which each placeholder is a mark, and their names in order: `inputs.csv`, `scratch`. */
export interface Template {
  readonly text: string
  readonly names: readonly string[]
}

const BRACE = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g
const MAX = 60
// What a shell writes to: it is not read.
const REDIRECT = />[>|]?[ \t]*(?:'[^']*'|"[^"]*"|\\[^]|[^\s;|&<>()'"\\])+/g
const QUOTED = /'([^']*)'|"([^"]*)"/g
const WORD = /(?:\\[^]|[^\s;|&<>()'"`\\])+/g

/** @throws TypeError for a brace that neither is doubled nor belongs to a placeholder. */
export function parseTemplate(text: string): Template {
  const names: string[] = []
  const marked = text.replaceAll(BRACE, (found, name: string | undefined) => {
    if (found === '{{') return '{'
    if (found === '}}') return '}'
    if (name === undefined || !/^[a-z]/.test(name)) {
      throw new TypeError(
        `Expected \`cmd\` of command() to have placeholders such as {inputs.name}, and other braces doubled, got ${JSON.stringify(found)} in ${JSON.stringify(clip(text, MAX))}`,
      )
    }
    names.push(name)
    return MARK
  })
  return { text: marked, names }
}

/** A template with its marks filled in. */
export function fill(
  { text, names }: Template,
  fillIn: (name: string, nth: number) => string,
): string {
  let nth = -1
  return text.replaceAll(MARK, () => {
    nth += 1
    return fillIn(names[nth] ?? '', nth)
  })
}

/** The parts of params that can stand in a command line, by path: `model.rate`. */
export function scalarsOf(params: unknown): Map<string, string> {
  const scalars = new Map<string, string>()
  const collect = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, member] of Object.entries(value))
        collect(member, path === '' ? key : `${path}.${key}`)
    } else if (['string', 'number', 'boolean'].includes(typeof value) && !scalars.has(path)) {
      scalars.set(path, Object.is(value, -0) ? '-0' : String(value))
    }
  }
  collect(params, '')
  return scalars
}

/** Words of a command that may be files of the project, as paths relative to it. */
export function pathsNamed({ cmd, dir }: CommandLine): string[] {
  const words = isLines(cmd)
    ? cmd.lines.flatMap(wordsOf)
    : typeof cmd === 'string'
      ? wordsOf(parseTemplate(cmd).text)
      : argumentsOf(cmd)
  const paths = words
    .filter((word) => word !== '' && !word.includes(MARK) && !posixAbsolute(word))
    .map((word) => normal(`${dir}/${word}`))
    .filter((path) => path !== '' && !path.split('/').some((part) => OTHERS.has(part)))
  return [...new Set(paths)]
}

// Nothing above the project, and nothing that Stepwell keeps.
const OTHERS = new Set(['..', '.stepwell'])

function argumentsOf(cmd: readonly string[]): string[] {
  return cmd.map((each) => parseTemplate(each).text).flatMap((word) => [word, ...valueIn(word)])
}

/** Too many rather than too few: only those count that there are. */
function wordsOf(text: string): string[] {
  const read = text.replaceAll(REDIRECT, ' ')
  const quoted = [...read.matchAll(QUOTED)].map(([, single, double]) => single ?? double ?? '')
  const words = [...read.matchAll(WORD)].map(([word]) => word.replaceAll(/\\([^])/g, '$1'))
  return [...quoted, ...words].flatMap((word) => [word, ...valueIn(word)])
}

/** Of `--config=a.yaml` and `@a.json`, the file. */
function valueIn(word: string): string[] {
  const value = word.startsWith('@') ? word.slice(1) : word.slice(word.indexOf('=') + 1)
  return value === word ? [] : [value]
}

function posixAbsolute(path: string): boolean {
  return path.startsWith('/') || path.startsWith('\\') || /^[A-Za-z]:/.test(path)
}

/** A path without `.` and `a/..`; one that leads out begins with `..`. */
export function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

export function isLines(cmd: CommandLine['cmd']): cmd is Lines {
  return typeof cmd === 'object' && 'lines' in cmd
}

/** A command for people, as one would type it. */
function commandText({ cmd }: Pick<CommandLine, 'cmd'>): string {
  if (typeof cmd === 'string') return cmd.trim()
  if (isLines(cmd)) return cmd.lines.map((line) => line.trim()).join('; ')
  return cmd
    .map((each) => (/^[\w@%+=:,./{}-]+$/.test(each) ? each : JSON.stringify(each)))
    .join(' ')
}

/** In one line of a few words. */
export function shortCommandText(command: Pick<CommandLine, 'cmd'>): string {
  return clip(commandText(command).replaceAll(/\s+/g, ' '), MAX)
}

/** The fields in which two commands differ. */
export function commandChanges(
  before: CommandLine | undefined,
  after: CommandLine | undefined,
): { part: keyof CommandLine; before: Json | undefined; after: Json | undefined }[] {
  const parts = before === undefined || after === undefined ? ['cmd' as const] : PARTS
  return parts
    .map((part) => ({ part, before: shown(before, part), after: shown(after, part) }))
    .filter(({ before: old, after: now }) => old !== now)
    .map((change) => (change.part === 'cmd' ? { ...change, ...typed(before, after) } : change))
}

/** Lines as one would type them, where that tells them apart. */
function typed(
  before: CommandLine | undefined,
  after: CommandLine | undefined,
): { before: Json; after: Json } | undefined {
  if (before === undefined || after === undefined) return undefined
  if (!isLines(before.cmd) || !isLines(after.cmd)) return undefined
  const [old, now] = [commandText(before), commandText(after)]
  return old === now ? undefined : { before: old, after: now }
}

const PARTS = ['cmd', 'shell', 'dir', 'stdout'] as const

function shown(
  command: CommandLine | undefined,
  part: keyof CommandLine,
): string | null | undefined {
  const value = command?.[part]
  // A list, lines and a text may look the same.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
