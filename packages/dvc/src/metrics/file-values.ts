import { problemOf, type Problem } from './problem.ts'
import type { DvcValue } from '../value/value.ts'

/** What a file holds, or why that cannot be told. */
export type FileValues = { readonly data: DvcValue } | { readonly error: Problem }

/** By paths relative to the root of the project. */
export type RevisionValues = ReadonlyMap<string, FileValues>

/** Reads files one by one: what is wrong with one says nothing of the others. */
export async function readEach(
  paths: Iterable<string>,
  read: (path: string) => Promise<DvcValue>,
): Promise<RevisionValues> {
  const values = new Map<string, FileValues>()
  for (const path of paths) {
    try {
      values.set(path, { data: await read(path) })
    } catch (error) {
      values.set(path, { error: problemOf(error) })
    }
  }
  return values
}
