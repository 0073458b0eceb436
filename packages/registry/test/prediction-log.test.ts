import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPredictions, readServed, servedIn } from '../src/index.ts'
import { folder } from './support.ts'

const of = { at: 1, request: 'r', model: 'line', version: '0'.repeat(16) }
const answered = { ...of, row: 0, features: { x: 1 }, prediction: 2, ms: 0.1 }
const refused = { ...of, row: 1, refused: { '': 'type' }, kept: { time: 'now' } }

test('rows of a log come file by file, refused ones among the others, without torn lines', () => {
  const whole = [answered, refused].map((line) => `${JSON.stringify(line)}\n`).join('')
  for (let end = 0; end <= whole.length; end++) {
    const count = whole.slice(0, end).split('"request"').length - 1
    const rows = [...servedIn(whole.slice(0, end))]
    expect(rows).toEqual([answered, refused].slice(0, rows.length))
    expect([count, count - 1]).toContain(rows.length)
  }
  const dir = folder()
  writeFileSync(join(dir, '20261124T100000000Z-7-000001.ndjson'), whole.slice(0, -5))
  writeFileSync(join(dir, '20261124T090000000Z-9-000000.ndjson'), `null\n7\n${whole}`)
  writeFileSync(join(dir, 'notes.ndjson'), whole)
  expect([...readServed(dir)]).toEqual([answered, refused, answered])
  expect([...readPredictions(dir)]).toEqual([answered, answered])
})
