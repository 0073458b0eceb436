import type { Random } from '../fuzz-program.ts'

/** What of a project lies on disk, and the variables that it runs with. */
export interface Version {
  /** Text by path; `undefined` in a change removes the file. */
  readonly files: Readonly<Record<string, string | undefined>>
  /** Targets of symbolic links by path. */
  readonly links: Readonly<Record<string, string | undefined>>
  readonly env: Readonly<Record<string, string>>
  /** What must hold of outputs, by step, whatever the engine says: they are, or the step fails. */
  readonly demands: Readonly<Record<string, Demand>>
}

/** `fails`: the step must not give anything. Else the very value that it gives, unless it fails. */
export type Demand = 'fails' | { readonly value: unknown }

/** A file that is another one while a step runs, and is put back before the step ends. */
export interface Meddling {
  readonly step: string
  readonly path: string
  readonly text: string
}

/** One edit of a project. */
export interface Edit {
  readonly kind: string
  readonly change: Partial<Version>
  /** Steps that can reach nothing of what it changes, by the start of their names; `''` for all. */
  readonly harmless?: readonly string[]
  readonly meddling?: Meddling
}

/** Two edits at once. */
export function bothOf(one: Edit, other: Edit): Edit {
  const [a, b] = [one.harmless ?? [], other.harmless ?? []]
  const harmless = a.includes('') ? b : b.includes('') ? a : a.filter((start) => b.includes(start))
  const meddling = other.meddling ?? one.meddling
  return {
    kind: `${one.kind} + ${other.kind}`,
    change: {
      ...one.change,
      ...other.change,
      files: { ...one.change.files, ...other.change.files },
      links: { ...one.change.links, ...other.change.links },
    },
    harmless,
    ...(meddling !== undefined && { meddling }),
  }
}

/** An edit of the version that is there, if it fits. */
export type EditMaker = (version: Version) => Edit | undefined

/** A project as generated, with edits that are about what is in it. */
export interface Generated {
  /** The module to be loaded. */
  readonly main: string
  readonly version: Version
  readonly edits: readonly EditMaker[]
  /** Names of its idioms. */
  readonly idioms: readonly string[]
}

export function applyEdit(version: Version, { change }: Pick<Edit, 'change'>): Version {
  return {
    files: { ...version.files, ...change.files },
    links: { ...version.links, ...change.links },
    env: change.env ?? version.env,
    demands: change.demands ?? version.demands,
  }
}

/** What to write where `before` is, so that `after` is there. */
export function differenceOf(before: Version, after: Version): Pick<Version, 'files' | 'links'> {
  const only = (
    old: Version['files'],
    now: Version['files'],
  ): Readonly<Record<string, string | undefined>> =>
    Object.fromEntries(
      [...new Set([...Object.keys(old), ...Object.keys(now)])]
        .filter((path) => old[path] !== now[path])
        .map((path) => [path, now[path]]),
    )
  return { files: only(before.files, after.files), links: only(before.links, after.links) }
}

/** Writes a project: idioms add modules, steps and edits to it. */
export class ProjectWriter {
  readonly random: Random
  readonly files: Record<string, string> = {}
  readonly links: Record<string, string> = {}
  readonly demands: Record<string, Demand> = {}
  readonly edits: EditMaker[] = []
  /** The module that makes the pipeline. */
  readonly main: string
  /** Its lines. */
  readonly imports: string[] = []
  readonly body: string[] = []
  /** Members of the object given to `pipeline()`: names, spreads and groups. */
  readonly members: string[] = []
  readonly env: Record<string, string>
  #count = 0

  constructor(random: Random, env: Readonly<Record<string, string>>, main: string) {
    this.random = random
    this.main = main
    this.env = { ...env }
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T
  }

  chance(of: number): boolean {
    return this.random() < of
  }

  digit(): string {
    return String(1 + Math.floor(this.random() * 9))
  }

  /** A name that no other idiom has. */
  name(start: string): string {
    this.#count += 1
    return `${start}${this.#count}`
  }

  /** Declares a step, and puts it into the pipeline. */
  step(name: string, options: string): void {
    this.declare(name, `step({ ${options} })`)
    this.members.push(name)
  }

  /** Declares something beside the pipeline. */
  declare(name: string, value: string): void {
    this.body.push(`const ${name} = ${value}`)
  }

  /** An edit that puts another digit where the only group of a pattern finds one. */
  tweak(path: string, pattern: RegExp, harmless?: readonly string[]): void {
    this.edits.push(({ files }) => {
      const text = files[path]
      const found = text === undefined ? null : pattern.exec(text)
      if (text === undefined || found === null) return undefined
      const at = found.index + found[0].lastIndexOf(found[1] ?? '')
      const digit = String((Number(found[1]) % 9) + 1)
      return {
        kind: `tweak ${path.replaceAll(/\d+/g, 'N')} ${pattern.source.replaceAll(/\d+/g, 'N')}`,
        change: { files: { [path]: text.slice(0, at) + digit + text.slice(at + 1) } },
        ...(harmless !== undefined && { harmless }),
      }
    })
  }

  /** An edit that puts one text in the place of another, or back. */
  swap(path: string, one: string, other: string, harmless?: readonly string[]): void {
    this.edits.push(({ files }) => {
      const text = files[path]
      const [from, to] = text?.includes(one) === true ? [one, other] : [other, one]
      if (text?.includes(from) !== true) return undefined
      return {
        kind: `swap in ${path.replaceAll(/\d+/g, 'N')}: ${one.replaceAll(/\d+/g, 'N')} / ${other.replaceAll(/\d+/g, 'N')}`,
        change: { files: { [path]: text.replace(from, () => to) } },
        ...(harmless !== undefined && { harmless }),
      }
    })
  }

  /** A package in `node_modules`. */
  installed(name: string, files: Readonly<Record<string, string>>, manifest: object = {}): void {
    const dir = `node_modules/${name}`
    this.files[`${dir}/package.json`] = JSON.stringify({
      name,
      version: '1.0.0',
      type: 'module',
      ...manifest,
    })
    for (const [path, text] of Object.entries(files)) this.files[`${dir}/${path}`] = text
  }

  /** An edit that installs another version of a package: one of its digits is another one. */
  upgrade(dir: string, path: string, harmless?: readonly string[]): void {
    this.edits.push(({ files }) => {
      const manifest = files[`${dir}/package.json`]
      const text = files[`${dir}/${path}`]
      if (manifest === undefined || text === undefined) return undefined
      const bump = (of: string): string =>
        of.replace(/"version":"1\.0\.(\d+)"/, (_, patch) => `"version":"1.0.${Number(patch) + 1}"`)
      return {
        kind: `upgrade ${dir.replaceAll(/\d+/g, 'N')}`,
        change: {
          files: {
            [`${dir}/package.json`]: bump(manifest),
            [`${dir}/${path}`]: text.replace(/(?<![\w.'@/])[1-9](?![\w'])/, (digit) =>
              String((Number(digit) % 9) + 1),
            ),
          },
        },
        ...(harmless !== undefined && { harmless }),
      }
    })
  }
}
