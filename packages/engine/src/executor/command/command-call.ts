import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fill, isLines, parseTemplate, scalarsOf, type Command } from '../../define/command-line.ts'
import { StepwellError } from '@stepwell/base/errors'
import { CanonicalWriter, UnencodableError, type Extension } from '@stepwell/base/json'
import { shellOf } from './shell.ts'
import { placesIn } from '../../define/shell-text.ts'
import { parseTree } from '../../value/tree.ts'
import { isFiles } from '../../identity/job-input.ts'
import { decodeValue } from '../../value/codec.ts'
import type { Job } from '../executor.ts'
import type { InputPlace } from '../inline/job-inputs.ts'

// Before the number of a variable of the shell that holds what is filled in.
const VARIABLE = 'stepwell_'

/** JSON has integers of any size: a program that reads them whole is given them whole. */
const wholeNumber: Extension = (value) => (typeof value === 'bigint' ? String(value) : undefined)

/** A program as it is started. */
export interface Call {
  readonly program: string
  readonly args: readonly string[]
  /** What it is, for people, where it is one of several. */
  readonly line?: string
}

/** Fills in what a command line leaves open: what is in files for that goes when the call is disposed of. */
export class CommandCall implements AsyncDisposable {
  readonly #job: Job
  readonly #command: Command
  readonly #place: InputPlace
  /** Where it runs, absolute. */
  readonly dir: string
  readonly #values = new Map<string, readonly string[]>()
  #files: string | undefined

  /** `files`: where to write what it is given as files; else in a place that goes. */
  constructor(job: Job, command: Command, place: InputPlace & { readonly files?: string }) {
    this.#job = job
    this.#command = command
    this.#place = place
    this.#files = place.files
    this.dir = resolve(place.dir, command.dir)
  }

  /**
   * What is to be started, one after the other.
   * @throws StepwellError STEPWELL_COMMAND_INPUT.
   */
  async prepare(): Promise<readonly Call[]> {
    const { cmd, shell } = this.#command
    if (typeof cmd === 'object' && !isLines(cmd)) return [await this.#listCall(cmd)]
    const { program, options, before } = shellOf(shell ?? '/bin/sh')
    const call = (text: string, ...args: readonly string[]): Call => {
      return { program, args: [...options, '-c', `${before}${text}`, ...args] }
    }
    if (typeof cmd === 'string') return [await this.#shellCall(cmd, call)]
    return cmd.lines.map((line) => ({ ...call(line), line }))
  }

  async #listCall(cmd: readonly string[]): Promise<Call> {
    const words: string[] = []
    for (const text of cmd) {
      const template = parseTemplate(text)
      const values = new Map<string, readonly string[]>()
      for (const name of template.names) values.set(name, await this.#valuesOf(name))
      const [alone] = template.names
      const isWhole = alone !== undefined && template.text.length === 1
      if (isWhole) words.push(...(values.get(alone) ?? []))
      else words.push(fill(template, (name) => values.get(name)?.join(' ') ?? ''))
    }
    const [program = '', ...args] = words
    return { program, args }
  }

  /**
   * What is filled in comes as arguments, which the shell takes for variables of its own before it reads
   * the text: it parses no value, and a function of the text, or `set`, does not lose them.
   */
  async #shellCall(
    cmd: string,
    call: (text: string, ...args: readonly string[]) => Call,
  ): Promise<Call> {
    const template = parseTemplate(cmd)
    const places = placesIn(template.text)
    const numbers = new Map<string, readonly number[]>()
    const all: string[] = []
    for (const name of template.names) {
      if (numbers.has(name)) continue
      const values = await this.#valuesOf(name)
      numbers.set(
        name,
        values.map((value) => all.push(value)),
      )
    }
    const text = fill(template, (name, nth) => {
      const variables = (numbers.get(name) ?? []).map((number) => `\${${VARIABLE}${number}}`)
      return places[nth] === 'quoted'
        ? variables.join(' ')
        : variables.map((each) => `"${each}"`).join(' ')
    })
    if (all.length === 0) return call(text, 'stepwell')
    const taken = all.map((_, index) => `${VARIABLE}${index + 1}=\${${index + 1}}`)
    // In one line with the text, so that what the shell says about a line is right.
    const whole = `${taken.join(' ')}; shift ${all.length}; ${text}`
    return call(whole, 'stepwell', ...all)
  }

  async #valuesOf(name: string): Promise<readonly string[]> {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    const values = await this.#find(name)
    for (const value of values) {
      if (value.includes('\0')) throw this.#unfit(name, 'it holds a NUL, which no argument can')
    }
    this.#values.set(name, values)
    return values
  }

  async #find(name: string): Promise<readonly string[]> {
    const { params, scratch, outs } = this.#job
    if (name === 'params') return [this.#file('params.json', `${params}\n`)]
    if (name === 'scratch') {
      mkdirSync(scratch, { recursive: true })
      return [scratch]
    }
    const [of = ''] = name.split('.', 1)
    const rest = name.slice(of.length + 1)
    if (of === 'params') return [scalarsOf(JSON.parse(params)).get(rest) ?? this.#impossible(name)]
    if (of === 'outs') {
      const { path, staged } = outs[rest] ?? this.#impossible(name)
      return [this.#command.inPlace === null ? staged : this.#pathTo(path)]
    }
    return await this.#input(name, rest)
  }

  async #input(name: string, of: string): Promise<readonly string[]> {
    const { artifacts } = this.#place
    const input = this.#job.inputs[of] ?? this.#impossible(name)
    if (isFiles(input)) {
      const tree = parseTree(new TextDecoder().decode(await artifacts.get(input.digest)))
      return tree.map(({ path }) => this.#pathTo(path))
    }
    switch (input.kind) {
      case 'file':
      case 'dir':
      case 'url':
        return [this.#pathTo(input.path)]
      case 'value':
      case 'inline': {
        const bytes =
          input.kind === 'value'
            ? await artifacts.get(input.digest)
            : Buffer.from(input.bytes, 'base64')
        const value = decodeValue(bytes)
        try {
          return [
            this.#file(
              `${encodeURIComponent(of)}.json`,
              `${new CanonicalWriter(wholeNumber).write(value)}\n`,
            ),
          ]
        } catch (error) {
          if (error instanceof UnencodableError) throw this.#unfit(name, error.message)
          throw error
        }
      }
      case 'env':
        return [input.value]
      case 'secret':
        return this.#impossible(name)
    }
  }

  /** Never taken for an option. */
  #pathTo(path: string): string {
    const from = relative(this.dir, resolve(this.#place.dir, path))
    if (from === '') return '.'
    return from.startsWith('-') ? `./${from}` : from
  }

  #file(name: string, text: string): string {
    this.#files ??= mkdtempSync(join(tmpdir(), 'stepwell-'))
    const path = join(this.#files, name)
    writeFileSync(path, text)
    return path
  }

  #unfit(name: string, facts: string): StepwellError {
    return new StepwellError({
      code: 'STEPWELL_COMMAND_INPUT',
      summary: `what {${name}} stands for in the command of step \`${this.#job.step}\` cannot be given to it`,
      details: facts,
      hint: 'give plain JSON data, or write a file as an out of a step',
    })
  }

  /** For what was checked when the command was declared. */
  #impossible(name: string): never {
    throw new TypeError(`step \`${this.#job.step}\` has nothing for {${name}}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#files !== undefined) await rm(this.#files, { recursive: true, force: true })
  }
}
