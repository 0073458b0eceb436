/** A file of the project; the step receives a `FileInput`. */
export interface FileHandle {
  readonly kind: 'file'
  readonly path: string
}

/** A directory of the project; the step receives a `DirInput`. */
export interface DirHandle {
  readonly kind: 'dir'
  readonly path: string
  /** @default true */
  readonly followLinks?: boolean
}

/** A file or a directory of the project, whichever is there; the step receives what it is. */
export interface FileOrDirHandle {
  readonly kind: 'any'
  readonly path: string
}

/** The files that match patterns; the step receives a list of `FileInput`. */
export interface GlobHandle {
  readonly kind: 'glob'
  readonly patterns: readonly string[]
  readonly optional: boolean
  /** @default true */
  readonly followLinks?: boolean
}

/** What an HTTP server has at an address; the step receives a `FileInput`. */
export interface UrlHandle {
  readonly kind: 'url'
  readonly url: string
}

/** An environment variable; the step receives its value. */
export interface EnvHandle {
  readonly kind: 'env'
  readonly name: string
  readonly fallback: string | undefined
}

/** An environment variable whose value is in no key, record, log or artifact; the step receives it. */
export interface SecretHandle {
  readonly kind: 'secret'
  readonly name: string
}

interface FollowLinks {
  readonly followLinks?: boolean
}

/**
 * Declares a file as an input, or in `outs` as an output. `path` is relative to the project directory
 * (the one the pipeline file is in). The step is rerun when the content changes, or whether its owner
 * may execute it; not when only its time stamp does.
 */
export function file(path: string): FileHandle {
  return { kind: 'file', path: text(path, 'path', 'file') }
}

/**
 * Declares a directory as an input, or in `outs` as an output: all files in it at any depth, with dot
 * files, but for directories named `.stepwell`. A symbolic link that stays inside is a link; one that
 * leads outside counts as what it leads to. What cannot be read, and a link that leads to nothing, fail the
 * step.
 *
 * @param followLinks whether links are looked at @default true: else each counts by its text, and is none
 *   of the files that the step is given
 */
export function dir(path: string, { followLinks = true }: FollowLinks = {}): DirHandle {
  const handle = { kind: 'dir', path: text(path, 'path', 'dir').replace(/(?<=.)\/+$/, '') } as const
  return { ...handle, ...unlessFollowed(followLinks, 'dir') }
}

/**
 * Declares what is at a path as an input, or in `outs` as an output, where it is not known beforehand
 * whether that is a file or a directory. Otherwise as `file()` and `dir()`.
 */
export function fileOrDir(path: string): FileOrDirHandle {
  return { kind: 'any', path: text(path, 'path', 'fileOrDir').replace(/(?<=.)\/+$/, '') }
}

/**
 * Declares the files that match as an input: `*` within a name, `**` over directories, `{a,b}`, and
 * `!` before a pattern that takes files out. Wildcards match no leading dot, symbolic links are followed,
 * and `node_modules` is left out. The files come sorted by path. What matches, or may hold what matches, and
 * cannot be read fails the step; a pattern with `!` leaves it out.
 *
 * @param optional whether there may be none, and links may lead to nothing @default false: then the step
 *   fails
 * @param followLinks whether links count as what they lead to @default true: else they are left out
 */
export function glob(
  patterns: string | readonly string[],
  { optional = false, followLinks = true }: FollowLinks & { readonly optional?: boolean } = {},
): GlobHandle {
  const all = typeof patterns === 'string' ? [patterns] : [...patterns]
  if (all.length === 0) throw new TypeError('Expected `patterns` of glob() to name at least one')
  return {
    kind: 'glob',
    patterns: all.map((pattern) => text(pattern, 'patterns', 'glob')),
    optional,
    ...unlessFollowed(followLinks, 'glob'),
  }
}

/**
 * Declares what an HTTP server has at an address as an input. Each run asks the server whether it has
 * changed, by its ETag or time of change, and downloads it again if so; the content decides.
 */
export function url(address: string): UrlHandle {
  const valid = URL.canParse(text(address, 'address', 'url')) ? new URL(address) : undefined
  if (valid === undefined || !['http:', 'https:'].includes(valid.protocol)) {
    throw new TypeError(`Expected \`address\` of url() to be http: or https:, got ${show(address)}`)
  }
  if (valid.username !== '' || valid.password !== '') {
    throw new TypeError(
      'Expected `address` of url() to hold no password: it is kept in run records',
    )
  }
  return { kind: 'url', url: valid.href }
}

/**
 * Declares an environment variable as an input: its value is part of the step's key and is kept in run
 * records, so do not use it for a secret. If it is unset and has no `fallback`, the step fails.
 */
export function env(name: string, { fallback }: { readonly fallback?: string } = {}): EnvHandle {
  return { kind: 'env', name: text(name, 'name', 'env'), fallback }
}

/**
 * Declares an environment variable as a secret, such as a password: the step is given its value, and
 * is not rerun when that changes. In logs and messages it is replaced by `***`; an output that holds it
 * fails the step. Unset, the step fails.
 */
export function secret(name: string): SecretHandle {
  return { kind: 'secret', name: text(name, 'name', 'secret') }
}

function unlessFollowed(followLinks: boolean, of: string): { readonly followLinks?: false } {
  if (typeof followLinks !== 'boolean') {
    throw new TypeError(
      `Expected \`followLinks\` of ${of}() to be true or false, got ${show(followLinks)}`,
    )
  }
  return followLinks ? {} : { followLinks }
}

function text(value: string, parameter: string, of: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw new TypeError(
    `Expected \`${parameter}\` of ${of}() to be a non-empty string, got ${show(value)}`,
  )
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value
}
