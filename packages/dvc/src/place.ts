/** Where something is written: a file, as the project names it, and a line and a column from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The place as editors and terminals understand it: `dvc.yaml:3:5`. */
export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

/** The line and the column of an offset in a text, both from 1. */
export function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  let line = 1
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++
  return { file, line, column: offset - start + 1 }
}
