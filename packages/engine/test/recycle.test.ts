import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPLACED, Recycle } from '../src/store/workspace/recycle.ts'
import { DiskClaims } from '../src/store/claims/disk-claims.ts'
import { Staging } from '../src/store/workspace/staging.ts'
import { temporaryDir } from './support/temporary.ts'

const DAY_MS = 86_400_000

function setUp() {
  const dir = temporaryDir()
  const recycle = new Recycle(join(dir, 'recycle'))
  const put = async (label: string, text: string): Promise<string> => {
    writeFileSync(join(dir, 'file'), text)
    return await recycle.keep(join(dir, 'file'), label)
  }
  return { dir, recycle, put }
}

test('what steps leave over and over does not drive out what somebody edited', async () => {
  const { dir, recycle, put } = setUp()
  const edit = await put(REPLACED, 'mine')
  for (let count = 0; count < 110; count += 1) await put('train', 'half')
  await recycle.purge()
  expect(readFileSync(edit, 'utf8')).toBe('mine')
  expect(readdirSync(join(dir, 'recycle'))).toHaveLength(101)
  await recycle.purge(Date.now() + 8 * DAY_MS)
  expect(existsSync(edit)).toBe(false)
  expect(readdirSync(join(dir, 'recycle'))).toEqual([])
})

test('several runs at once put aside what a killed one left, all of it and once', async () => {
  const { dir, recycle } = setUp()
  const staging = new Staging(
    { project: dir, staging: join(dir, 'staging'), scratch: join(dir, 'scratch') },
    recycle,
    {
      claims: new DiskClaims(join(dir, 'claims')),
      isUnderWay: async () => await Promise.resolve(false),
      endOrphans: async () => await Promise.resolve(),
    },
  )
  const names = Array.from({ length: 20 }, (_, index) => `step${index}`)
  for (const name of names) {
    mkdirSync(join(dir, 'staging/run', name), { recursive: true })
    writeFileSync(join(dir, 'staging/run', name, 'half'), name)
  }
  const recover = async () => await staging.recover(new Set())
  await Promise.all([recover(), recover(), recover()])
  expect(readdirSync(join(dir, 'staging'))).toEqual([])
  const kept = readdirSync(join(dir, 'recycle'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  expect(kept.toSorted()).toEqual(names.toSorted())
})
