/** A file of the project; the step receives a `FileInput`. */
export interface FileHandle {
  readonly kind: 'file'
  readonly path: string
}

/** An environment variable; the step receives its value. */
export interface EnvHandle {
  readonly kind: 'env'
  readonly name: string
  readonly fallback: string | undefined
}

/**
 * Declares a file as an input. `path` is relative to the project directory (the one the pipeline file
 * is in). The step is rerun when the content changes, not when only its time stamp does.
 */
export function file(path: string): FileHandle {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(`Expected \`path\` of file() to be a non-empty string, got ${show(path)}`)
  }
  return { kind: 'file', path }
}

/**
 * Declares an environment variable as an input: its value is part of the step's key and is kept in
 * run records, so it is no place for a secret. Unset and without a `fallback`, the step fails.
 */
export function env(name: string, { fallback }: { readonly fallback?: string } = {}): EnvHandle {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`Expected \`name\` of env() to be a non-empty string, got ${show(name)}`)
  }
  return { kind: 'env', name, fallback }
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value
}
