import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, StepwellError } from '@stepwell/base/errors'

// Numbers by which Linux names file systems (`man 2 statfs`). Not FUSE and 9P, by which local disks are
// mounted as well, into containers and virtual machines.
const NETWORK = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0x73757245, 'Coda'],
  [0x19830326, 'BeeGFS'],
])

/** The name of the network file system that has that number, if one has. */
export function networkName(type: number): string | undefined {
  return NETWORK.get(type >>> 0)
}

/**
 * Refuses a directory on a network file system: LevelDB's lock and memory maps, and renames as the only
 * commits, do not hold there.
 *
 * @throws StepwellError STEPWELL_NETWORK_FS.
 */
export function refuseNetwork(
  dir: string,
  typeOf: (path: string) => number = (path) => statfsSync(path).type,
): void {
  if (process.platform !== 'linux' || process.env.STEPWELL_ALLOW_NETWORK_FS === '1') return
  const name = networkName(nearestType(dir, typeOf))
  if (name === undefined) return
  throw new StepwellError({
    code: 'STEPWELL_NETWORK_FS',
    summary: `${dir} is on a network file system`,
    details: name,
    hint: 'keep the project on a local disk; if locks and renames are reliable there, set STEPWELL_ALLOW_NETWORK_FS=1',
  })
}

/** That of the nearest directory which is there. */
function nearestType(dir: string, typeOf: (path: string) => number): number {
  try {
    return typeOf(dir)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(dir) === dir) return 0
    return nearestType(dirname(dir), typeOf)
  }
}
