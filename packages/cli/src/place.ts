import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ENGINE = dirname(fileURLToPath(import.meta.resolve('@stepwell/engine')))

/** ` at file:line`: the first place in a stack that is in the project's own code; else nothing. */
export function placeIn(stack: string | undefined, dir: string): string {
  for (const [, url = '', line] of (stack ?? '').matchAll(/(file:\/\/[^\s()]+?):(\d+)/g)) {
    const path = fileURLToPath(url)
    if (path.startsWith(ENGINE) || path.includes('node_modules')) continue
    return ` at ${relative(dir, path)}:${line}`
  }
  return ''
}
