import type { BigIntStats } from 'node:fs'

// A file written within this time before it was read may be written again without a change of its time
// stamps, which tick in steps (up to 2 s on FAT): its signature proves nothing.
const TICK_NS = 2_000_000_000n

/** size, mtime ns, ctime ns, inode */
export function signatureOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino}`
}

/** Whether the signature of a file that is read at `now`, in ns since the epoch, can be trusted later. */
export function isSettled({ mtimeNs, ctimeNs }: BigIntStats, now: bigint): boolean {
  return mtimeNs + TICK_NS < now && ctimeNs + TICK_NS < now
}
