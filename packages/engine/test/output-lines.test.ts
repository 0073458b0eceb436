import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OutputLines } from '../src/executor/command/output-lines.ts'
import { Secrets } from '../src/executor/secrets.ts'

const SECRETS = ['hunter2\nhunter3', 'hunter2\nhun', 'r3hunter', 'ä🚲ä🚲ä🚲']

function linesOf(pieces: readonly Buffer[]): string[] {
  const lines: string[] = []
  const output = new OutputLines(new Secrets(SECRETS), (line) => lines.push(line) > 0)
  for (const piece of pieces) output.push(piece)
  output.end()
  return lines
}

/** A text of parts of secrets, and how it is cut into pieces. */
const texts = fc.array(
  fc.constantFrom(...SECRETS, 'hunter2', '\n', '\r', 'hun', '🚲', 'x', '%', 'r3', 'ä'),
  { maxLength: 12 },
)

test('however output is cut into pieces, its lines are the same, and hold no secret', () => {
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40)), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''))
      const places = [0, ...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b)]
      const pieces = places.map((at, index) => bytes.subarray(at, places[index + 1]))
      const lines = linesOf(pieces)
      expect(lines).toEqual(linesOf([bytes]))
      for (const secret of SECRETS) expect(lines.join('\n')).not.toContain(secret)
    }),
  )
})

test('a line without an end is told in pieces, with no character cut in two', () => {
  const text = `x${'🚲'.repeat(20_000)}`
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: 100 }, (_, index) => {
    return bytes.subarray((index * bytes.length) / 100, ((index + 1) * bytes.length) / 100)
  })
  const lines = linesOf(pieces)
  expect(lines.join('')).toBe(text)
  expect(lines.every((line) => line.length <= 16_384 && line.isWellFormed())).toBe(true)
})
