import { createHash, timingSafeEqual } from 'node:crypto'

/** A test for `Authorization` headers, which takes as long whatever they hold. */
export function tokenTest(token: string): (header: string | undefined) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  const expected = digest(token)
  return (header = '') => {
    const [, given = ''] = /^Bearer +(.+)$/i.exec(header) ?? []
    return timingSafeEqual(digest(given), expected)
  }
}
