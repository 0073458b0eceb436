/** A line of a `.gitignore` or `.dvcignore`. */
export interface IgnorePattern {
  readonly regex: RegExp
  /** `false` for a line that takes back: `!pattern`. */
  readonly ignore: boolean
  readonly dirOnly: boolean
}

/**
 * The pattern of a line, or `undefined` for a blank one, a comment, or one that cannot match.
 * @param everywhere whether a pattern for all directories, such as `*` and a slash, matches: in the
 *   `.dvcignore` of the root it does not, as DVC has it
 */
export function ignorePattern(line: string, everywhere: boolean): IgnorePattern | undefined {
  const trimmed = line.endsWith('\\ ') ? line : line.trimEnd()
  if (trimmed === '' || trimmed.startsWith('#') || trimmed === '/') return undefined
  const ignore = !trimmed.startsWith('!')
  const source = regexOf(ignore ? trimmed : trimmed.slice(1), everywhere)
  if (source === undefined) return undefined
  return { regex: new RegExp(source, 'u'), ignore, dirOnly: trimmed.endsWith('/') }
}

// Matches a path, `/` at its end where it is a directory, or what is below a path that matches.
function regexOf(pattern: string, everywhere: boolean): string | undefined {
  const segments = pattern.split('/')
  const dirOnly = segments.at(-1) === ''
  if (segments[0] === '') segments.shift()
  else if (segments.length === 1 || (segments.length === 2 && dirOnly)) segments.unshift('**')
  if (segments.length === 0) return undefined
  if (segments.at(-1) === '') segments[segments.length - 1] = '**'
  const parts = segments.filter((part, index) => part !== '**' || segments[index - 1] !== '**')
  const shown = parts.join('/')
  if (!everywhere && dirOnly && (shown === '**' || shown === '**/*/**')) return undefined
  if (shown === '**') return dirOnly ? '/' : '.'

  let regex = ''
  let slash = false
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1
    if (part === '**') {
      if (index === 0) regex += '^(?:.+/)?'
      else if (last) regex += '/'
      else regex += '(?:/.+)?'
      slash = index > 0
      continue
    }
    const glob = part === '*' ? '[^/]+' : globRegex(part)
    if (glob === undefined) return undefined
    regex += `${index === 0 ? '^' : ''}${slash ? '/' : ''}${glob}${last ? '(?:/|$)' : ''}`
    slash = true
  }
  return regex
}

function globRegex(glob: string): string | undefined {
  let regex = ''
  for (let at = 0; at < glob.length; at++) {
    const sign = glob.charAt(at)
    if (sign === '\\') regex += escapeRegex(glob.charAt(++at))
    else if (sign === '*') regex += '[^/]*'
    else if (sign === '?') regex += '[^/]'
    else if (sign === '[') {
      const set = /^\[([!^]?)(\]?[^\]]*)\]/.exec(glob.slice(at))
      if (set === null) return undefined
      regex += `[${set[1] === '' ? '' : '^'}${(set[2] ?? '').replace(/[\\[\]^]/g, '\\$&')}]`
      at += set[0].length - 1
    } else regex += escapeRegex(sign)
  }
  return regex
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
