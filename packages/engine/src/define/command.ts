import { leadsOutside } from '@stepwell/base/paths'
import { isGlob as isGlobHandle } from './input-kinds.ts'
import { makeStepOf } from './make-step.ts'
import { checkOptions, STEP_OPTIONS, type StepOptions } from './step-options.ts'
import {
  isLines,
  normal,
  parseTemplate,
  scalarsOf,
  type Command,
  type CommandLine,
  type Lines,
  type Template,
} from './command-line.ts'
import { findProgram } from '@stepwell/base/program'
import { MARK, placesIn, ShellTextError } from './shell-text.ts'
import { type Handle, type Inputs, type Outs, type Step } from './step.ts'

export interface CommandOptions<
  I extends Inputs,
  P extends object,
  F extends Outs,
  S extends Command['stdout'],
> extends Omit<StepOptions<I, P, unknown, F>, 'run' | 'code' | 'executor' | 'dependsOn'> {
  /**
   * What is run. A list is a program and its arguments; a text is for the shell. In it, `{inputs.name}`,
   * `{outs.name}`, `{params.name}`, `{params}` and `{scratch}` are filled in, each as one word whatever it
   * holds; write `{{` and `}}` for braces. `{ lines }` are commands of their own, each for a shell of its own,
   * one after the other until one fails; in them nothing is filled in.
   */
  readonly cmd: string | readonly string[] | Lines
  /**
   * The shell that reads a `cmd` that is a text, or lines; for those it may be any. It is told to end at the first
   * failure, also of a part of a pipe (`-e -o pipefail`). A list is a shell with options of its own, to which
   * nothing is added: with `['/bin/sh']` a text fails only when its last command does.
   * @default 'bash' where there is one, else '/bin/sh'
   */
  readonly shell?: string | readonly string[]
  /** Where it runs, relative to the project directory. @default the project directory */
  readonly dir?: string
  /**
   * What becomes of what it prints to standard output: `log` writes it to the step's log; with `text` or
   * `json` it is the step's value. @default 'log'
   */
  readonly stdout?: S
  /**
   * Environment variables that it is given as they are, where they are set. They are not in the key: for
   * what changes no result, such as a proxy or a place for caches. @default none
   */
  readonly passEnv?: readonly string[]
  /** `all`: it is given all environment variables as they are. They are not in the key. @default 'declared' */
  readonly env?: 'declared' | 'all'
  /** Environment variables that it is given besides; not in the key. @default {} */
  readonly setEnv?: Readonly<Record<string, string>>
  /** Whether files of the project that the command names count for the key. @default true */
  readonly namedFiles?: boolean
  /**
   * `in place`: it writes its outs to their very paths in the project, and does not find there what was
   * before; that comes back when it fails. @default 'aside'
   */
  readonly writes?: 'aside' | 'in place'
  /**
   * Names of outs that a command which writes in place finds as they were, and changes. They do not come
   * back when it fails. @default []
   */
  readonly keeps?: readonly (keyof F & string)[]
  /** Files and variables that it depends on besides; counts for the key. @default [] */
  readonly dependsOn?: readonly Handle[]
}

/** What a command gives: nothing, what it printed, or what that is as JSON. */
export type Printed<S extends Command['stdout']> = S extends 'text'
  ? string
  : S extends 'json'
    ? PrintedJson
    : null

/** JSON whose integers beyond 2^53 - 1, up and down, are bigints. */
export type PrintedJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly PrintedJson[]
  | { readonly [key: string]: PrintedJson | undefined }

const STDOUT = new Set<unknown>(['log', 'text', 'json'] satisfies Command['stdout'][])
const OWN = [
  'cmd',
  'shell',
  'dir',
  'stdout',
  'passEnv',
  'env',
  'setEnv',
  'namedFiles',
  'writes',
  'keeps',
]
const NOT_OURS = new Set(['run', 'code', 'executor'])
const NAMES = new Set([...OWN, ...[...STEP_OPTIONS].filter((name) => !NOT_OURS.has(name))])
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Declares a step that runs a command, in a process of its own. Its text is its code.
 *
 * @throws TypeError on an unknown option or one of the wrong type, and for a placeholder that there is
 *   not, or that stands where no value can be filled in.
 */
export function command<
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no inputs.
  I extends Inputs = {},
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no params.
  P extends object = {},
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no outs.
  F extends Outs = {},
  S extends Command['stdout'] = 'log',
>(options: CommandOptions<I, P, F, S>): Step<Printed<S>, F> {
  const { cmd, shell, dir, stdout, passEnv, env, setEnv, ...others } = options
  const { namedFiles, writes, keeps, ...rest } = others
  const of = 'command()'
  // It stands in for the function that there is not.
  checkOptions(options, of, NAMES)
  const line: Command = {
    ...checkLine({ cmd, shell, dir, stdout }),
    ...checkEnvironment({ passEnv, env, setEnv }),
    namedFiles: checkNamedFiles(namedFiles),
    inPlace: checkWrites(writes, keeps, Object.keys(rest.outs ?? {})),
  }
  checkPlaceholders(line, rest.inputs ?? {}, rest.outs ?? {}, rest.params ?? {})
  // Its text is its code: where it is made does not matter.
  return makeStepOf<Printed<S>, F>({ kind: 'command', command: line }, rest, '')
}

/** @throws TypeError for anything other than a command. */
export function checkLine({
  cmd,
  shell,
  dir = '.',
  stdout = 'log',
}: Readonly<Record<string, unknown>>): CommandLine {
  const isList = Array.isArray(cmd)
  const lines = typeof cmd === 'object' && cmd !== null && 'lines' in cmd ? cmd.lines : undefined
  const given = lines ?? cmd
  const texts: readonly unknown[] = Array.isArray(given) ? given : [lines === undefined ? cmd : []]
  if (!texts.every((text) => typeof text === 'string') || texts.length === 0) {
    throw new TypeError(
      'Expected `cmd` of command() to be a text, a list of them, or { lines: [...] }',
    )
  }
  const isNothing = texts.every((text) => text.trim() === '')
  if (
    texts.some((text) => text.includes(MARK)) ||
    isNothing ||
    (isList && texts[0]?.trim() === '')
  ) {
    throw new TypeError('Expected `cmd` of command() to name a program, and to hold no NUL')
  }
  if (shell !== undefined && (isList || !isShell(shell))) {
    throw new TypeError(
      'Expected `shell` of command() to be the path of a shell, or a list of that and its options, and `cmd` to be a text for it',
    )
  }
  if (typeof dir !== 'string' || isOutside(dir)) {
    throw new TypeError(
      `Expected \`dir\` of command() to be a path inside the project, got ${JSON.stringify(dir)}`,
    )
  }
  if (!STDOUT.has(stdout)) {
    throw new TypeError(
      `Expected \`stdout\` of command() to be 'log', 'text' or 'json', got ${JSON.stringify(stdout)}`,
    )
  }
  const all = Object.freeze([...texts])
  return {
    cmd: lines !== undefined ? Object.freeze({ lines: all }) : isList ? all : (texts[0] ?? ''),
    shell: isList ? null : checkedShell(shell),
    dir: normal(dir) === '' ? '.' : normal(dir),
    stdout: stdout as Command['stdout'],
  }
}

function isShell(shell: unknown): shell is string | readonly string[] {
  const words: readonly unknown[] = Array.isArray(shell) ? shell : [shell]
  const [program] = words
  return words.every((word) => typeof word === 'string' && !word.includes(MARK)) && Boolean(program)
}

function checkedShell(shell: unknown): string | readonly string[] {
  if (Array.isArray(shell)) return Object.freeze([...(shell as readonly string[])])
  if (typeof shell === 'string') return shell
  // The choice is in the key: they do not read every text alike.
  return findProgram('bash') === undefined ? '/bin/sh' : 'bash'
}

/** @throws TypeError for anything other than an environment. */
export function checkEnvironment({
  passEnv = [],
  env = 'declared',
  setEnv = {},
}: Readonly<Record<string, unknown>>): Pick<Command, 'passEnv' | 'setEnv'> {
  if (!Array.isArray(passEnv) || !passEnv.every((name) => VARIABLE.test(String(name)))) {
    throw new TypeError('Expected `passEnv` of command() to be a list of names of variables')
  }
  if (env !== 'declared' && env !== 'all') {
    throw new TypeError(
      `Expected \`env\` of command() to be 'declared' or 'all', got ${JSON.stringify(env)}`,
    )
  }
  const isVariable = ([name, value]: [string, unknown]): boolean =>
    VARIABLE.test(name) && typeof value === 'string' && !value.includes(MARK)
  if (typeof setEnv !== 'object' || setEnv === null || !Object.entries(setEnv).every(isVariable)) {
    throw new TypeError('Expected `setEnv` of command() to be texts by names of variables')
  }
  return {
    passEnv: env === 'all' ? env : Object.freeze([...(passEnv as string[])]),
    setEnv: Object.freeze({ ...setEnv }),
  }
}

function checkNamedFiles(namedFiles: unknown = true): boolean {
  if (typeof namedFiles === 'boolean') return namedFiles
  throw new TypeError(
    `Expected \`namedFiles\` of command() to be a boolean, got ${typeof namedFiles}`,
  )
}

function checkWrites(
  writes: unknown = 'aside',
  keeps: unknown = [],
  outs: readonly string[],
): Command['inPlace'] {
  if (writes !== 'aside' && writes !== 'in place') {
    throw new TypeError(
      `Expected \`writes\` of command() to be 'aside' or 'in place', got ${JSON.stringify(writes)}`,
    )
  }
  if (!Array.isArray(keeps) || !keeps.every((name) => outs.includes(name as string))) {
    throw new TypeError('Expected `keeps` of command() to be a list of names of its outs')
  }
  if (writes === 'in place')
    return Object.freeze({ keeps: Object.freeze([...(keeps as string[])]) })
  if (keeps.length === 0) return null
  throw new TypeError("Expected `keeps` of command() only where it writes 'in place'")
}

function isOutside(dir: string): boolean {
  return dir === '' || /^(?:[/\\]|[A-Za-z]:)/.test(dir) || leadsOutside(normal(dir))
}

/** @throws TypeError for a placeholder that there is not, or that stands where it can have no meaning. */
export function checkPlaceholders(
  { cmd, shell }: CommandLine,
  inputs: Inputs,
  outs: Outs,
  params: object,
): void {
  if (isLines(cmd)) return
  const known = new Set([
    ...Object.keys(inputs)
      .filter((name) => inputs[name]?.kind !== 'secret')
      .map((name) => `inputs.${name}`),
    ...Object.keys(outs).map((name) => `outs.${name}`),
    ...[...scalarsOf(params).keys()].map((path) => `params.${path}`),
    'params',
    'scratch',
  ])
  const isGlob = (name: string): boolean => isGlobHandle(inputs[name.slice('inputs.'.length)])
  for (const text of typeof cmd === 'string' ? [cmd] : cmd) {
    const template = parseTemplate(text)
    for (const name of template.names) {
      if (!known.has(name)) throw unknownPlaceholder(name, inputs, known)
      if (!isGlob(name)) continue
      const isWhole = shell === null ? template.text === MARK : undefined
      if (isWhole === false) throw notWhole(name)
    }
    if (shell !== null) checkShellText(template, isGlob)
  }
}

function checkShellText(template: Template, isGlob: (name: string) => boolean): void {
  const { text, names } = template
  let at = -1
  try {
    const places = placesIn(text)
    for (const [nth, name] of names.entries()) {
      at = text.indexOf(MARK, at + 1)
      if (!isGlob(name)) continue
      const around = [text[at - 1] ?? ' ', text[at + 1] ?? ' ']
      if (places[nth] !== 'bare' || !around.every((char) => /[\s;&|()]/.test(char)))
        throw notWhole(name)
    }
  } catch (error) {
    if (!(error instanceof ShellTextError)) throw error
    const { mark, message } = error
    const what = mark === undefined ? '`cmd` of command()' : `{${names[mark] ?? ''}}`
    throw new TypeError(`${what}: ${message}`, { cause: error })
  }
}

function notWhole(name: string): TypeError {
  return new TypeError(
    `Expected {${name}} to stand by itself, since a glob() may be many files: a whole argument, without quotes`,
  )
}

function unknownPlaceholder(name: string, inputs: Inputs, known: ReadonlySet<string>): TypeError {
  const input = inputs[name.replace(/^inputs\./, '')]
  if (name.startsWith('inputs.') && input?.kind === 'secret') {
    return new TypeError(
      `{${name}} is a secret, which others could see in a command line: the command is given it as the variable ${input.name}`,
    )
  }
  const all = [...known].map((each) => `{${each}}`).join(', ')
  return new TypeError(
    `Expected a placeholder of command() to be one of ${all}, got {${name}}; write {{ and }} for braces`,
  )
}
