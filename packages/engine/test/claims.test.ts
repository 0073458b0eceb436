import type { Claim } from '../src/store/claims/claims.ts'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiskClaims } from '../src/store/claims/disk-claims.ts'
import { thisProcess, type Owner } from '@stepwell/base/process'
import { startChild } from './support/child.ts'
import { keyOf } from './support/entry.ts'
import { temporaryDir } from './support/temporary.ts'

const KEY = keyOf('key')

function setUp() {
  const dir = temporaryDir()
  const claims = new DiskClaims(join(dir, 'claims'))
  const told: string[] = []
  const cancel = new AbortController()
  const take = async (key = KEY): Promise<Claim> =>
    await claims.take(key, { signal: cancel.signal, waiting: (owner) => told.push(owner) })
  /** A claim as another process would have left it. */
  const leave = (owner: Partial<Owner> | string): void => {
    mkdirSync(join(dir, 'claims'), { recursive: true })
    const text = typeof owner === 'string' ? owner : JSON.stringify({ ...thisProcess(), ...owner })
    writeFileSync(join(dir, 'claims', `${KEY.split(':')[1]}.0123`), text)
  }
  return { dir, take, told, cancel, leave, left: () => readdirSync(join(dir, 'claims')) }
}

describe('a claim', () => {
  test('is had by one at a time, and leaves nothing behind', async () => {
    const { take, left } = setUp()
    const first = await take()
    let second: Claim | undefined
    const waiting = take().then((claim) => {
      second = claim
      return claim
    })
    const other = await take(keyOf('other'))
    expect(second).toBeUndefined()
    first.release()
    const claim = await waiting
    claim.release()
    other.release()
    expect(left()).toEqual([])
  })

  test('is not waited for when the run is cancelled', async () => {
    const { take, cancel, left } = setUp()
    const first = await take()
    const waiting = take()
    cancel.abort()
    await expect(waiting).rejects.toThrow(/abort/)
    first.release()
    expect(left()).toEqual([])
  })

  test('of a living process is waited for, and it is said for whom', async () => {
    const { take, told, leave, cancel } = setUp()
    leave({ command: 'stepwell run train' })
    const waiting = take()
    await expect.poll(() => told, { timeout: 20_000 }).toHaveLength(1)
    expect(told[0]).toMatch(new RegExp(`process ${process.pid} on .* \\(stepwell run train\\)`))
    cancel.abort()
    await expect(waiting).rejects.toThrow(/abort/)
  })

  const dead: Readonly<Record<string, Partial<Owner>>> = {
    'whose process is gone': { pid: 0x3ffffe, started: null },
    'whose pid is another process now': { started: `${thisProcess().started ?? ''}0` },
    'from before the machine was started': { started: 'another-boot pid:[1] 5' },
  }
  for (const [what, owner] of Object.entries(dead)) {
    test(`${what} is nobody's`, async () => {
      const { take, leave, left, told } = setUp()
      leave(owner)
      const claim = await take()
      expect(left()).toHaveLength(1)
      claim.release()
      expect([left(), told]).toEqual([[], []])
    })
  }

  const unseen: Readonly<Record<string, Partial<Owner> | string>> = {
    'on another host': { host: 'elsewhere' },
    'whose file was torn': '',
  }
  for (const [what, owner] of Object.entries(unseen)) {
    test(`${what} is waited for as long as it is heard of`, async () => {
      const { dir, leave, cancel } = setUp()
      leave(owner)
      const claims = new DiskClaims(join(dir, 'claims'), { silentMs: 100 })
      const claim = await claims.take(KEY, { signal: cancel.signal, waiting: () => undefined })
      claim.release()
      leave(owner)
      const patient = new DiskClaims(join(dir, 'claims'))
      const waiting = patient.take(KEY, {
        signal: cancel.signal,
        waiting: () => cancel.abort(),
      })
      await expect(waiting).rejects.toThrow(/abort/)
    })
  }

  test('is never had by two processes, whoever is killed', async () => {
    const { dir, take, left } = setUp()
    const children = Array.from({ length: 5 }, () => startChild('claim-key', dir, '60'))
    // Two of them die in the middle of it.
    for (const child of children.slice(0, 2)) {
      const [claim] = [await take()]
      claim.release()
      child.kill('SIGKILL')
    }
    for (const child of children) {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    expect(children.slice(2).map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
    expect(existsSync(join(dir, 'overlap'))).toBe(false)
    const claim = await take()
    claim.release()
    expect(left()).toEqual([])
  })
})
