import { StepwellError } from '@stepwell/engine/author'
import { checkNames } from './parquet.ts'
import { beginningOf, type TextFile } from './text-file.ts'

/**
 * The header line of a CSV file. Names lose the blanks around them; a column without a name is called
 * `column_16` after its place, counted from 1, with `_` added until no other column has that name.
 *
 * @throws StepwellError STEPWELL_CSV_EMPTY; STEPWELL_CSV_HEADER; STEPWELL_TABLE_COLUMN.
 */
export function csvHeader(file: TextFile, delimiter: string): readonly string[] {
  const fields = firstRecord(beginningOf(file), delimiter)
  if (fields.length === 1 && fields[0]?.trim() === '') {
    throw new StepwellError({
      code: 'STEPWELL_CSV_EMPTY',
      summary: `${file.path} holds no rows`,
      details: 'its first line is empty',
      hint: 'check what writes it',
    })
  }
  const given = fields.map((field) => field.trim())
  const taken = new Set(given.map((name) => name.toLowerCase()))
  const names = given.map((name, index) => {
    if (name !== '') return name
    let own = `column_${index + 1}`
    while (taken.has(own)) own += '_'
    taken.add(own)
    return own
  })
  checkNames(names.map((name) => ({ name })))
  return names
}

function firstRecord(text: string, delimiter: string): string[] {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (quoted) {
      if (char !== '"') field += char
      else if (text[at + 1] === '"') field += text.charAt((at += 1))
      else quoted = false
    } else if (char === '"' && field === '') {
      quoted = true
    } else if (char === delimiter) {
      fields.push(field)
      field = ''
    } else if (char === '\n' || char === '\r') {
      return [...fields, field]
    } else {
      field += char
    }
  }
  return [...fields, field]
}
