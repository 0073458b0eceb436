import { describe, expect, test, vi } from 'vitest'
import { networkName, refuseNetwork } from '../src/store/network-fs.ts'

describe.runIf(process.platform === 'linux')('network file systems', () => {
  const LOCAL = {
    ext4: 0xef53,
    xfs: 0x58465342,
    btrfs: 0x9123683e,
    tmpfs: 0x01021994,
    fuse: 0x65735546,
  }

  test('are told from local ones, also by numbers that come signed', () => {
    expect(networkName(0x6969)).toBe('NFS')
    expect(networkName(0xff534d42 | 0)).toBe('CIFS')
    for (const type of Object.values(LOCAL)) expect(networkName(type)).toBeUndefined()
  })

  test('are refused, by the nearest directory that is there', () => {
    const missing = Object.assign(new Error('none'), { code: 'ENOENT' })
    const nfs = (path: string): number => {
      if (path === '/mnt') return 0x6969
      throw missing
    }
    expect(() => refuseNetwork('/mnt/project/.stepwell', nfs)).toThrow(/NFS/)
    expect(() => refuseNetwork('/home/project', () => LOCAL.ext4)).not.toThrow()
  })

  test('are allowed to who knows better', () => {
    vi.stubEnv('STEPWELL_ALLOW_NETWORK_FS', '1')
    try {
      expect(() => refuseNetwork('/mnt', () => 0x6969)).not.toThrow()
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('this one is none', () => {
    expect(() => refuseNetwork(import.meta.dirname)).not.toThrow()
  })
})
