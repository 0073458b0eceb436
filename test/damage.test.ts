import {
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Project } from './rig.ts'

/** Ways in which a stored file can go bad, each of which a run must notice. */
const DAMAGE: Readonly<Record<string, (path: string) => void>> = {
  deleted: (path) => rmSync(path),
  truncated: (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  'one bit flipped, its times put back': (path) => {
    const { atime, mtime } = statSync(path)
    const bytes = readFileSync(path)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(path, bytes)
    utimesSync(path, atime, mtime)
  },
}

test('a damaged or deleted artifact is noticed, made again, and said', async () => {
  const project = Project.example('bike-sharing')
  const { outputs } = await project.run()
  const objects = readdirSync(project.path('.stepwell/objects'), {
    recursive: true,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  expect(objects.length).toBeGreaterThan(9)
  const kinds = Object.entries(DAMAGE)
  for (const [index, object] of objects.entries()) {
    const before = readFileSync(object)
    const [kind, damage] = kinds[index % kinds.length] ?? []
    damage?.(object)
    const { code, record, outputs: again, statuses } = await project.run()
    const what = `${object} ${kind}`
    expect(code, what).toBe(0)
    expect(again, what).toEqual(outputs)
    const word = kind === 'deleted' ? 'missing' : 'damaged'
    const said = `the stored output(\\.\\w+)? of step \`\\w+\` is ${word}; it is made again`
    expect(record.warnings.join('\n'), what).toMatch(new RegExp(said))
    expect(Object.values(statuses), what).toContain('succeeded')
    expect(readFileSync(object).equals(before), what).toBe(true)
  }
  const { statuses } = await project.run()
  expect(new Set(Object.values(statuses))).toEqual(new Set(['cached']))
})
