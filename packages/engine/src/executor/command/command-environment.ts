import type { Command } from '../../define/command-line.ts'
import { sortedEntries } from '@stepwell/base/json'
import type { Job } from '../executor.ts'

// What programs cannot do without, and what says where and in which language they are.
const BASE = (
  'PATH HOME USER LOGNAME SHELL TMPDIR TZ LANG LANGUAGE ' +
  'SystemRoot ComSpec PATHEXT TEMP TMP USERPROFILE APPDATA LOCALAPPDATA'
).split(' ')

/** The environment of a command: the base, what it wants passed or set, and what it declares. */
export function environmentOf(
  { passEnv, setEnv }: Pick<Command, 'passEnv' | 'setEnv'>,
  inputs: Job['inputs'],
): Record<string, string> {
  const all = Object.keys(process.env)
  const locale = all.filter((name) => name.startsWith('LC_'))
  const names = passEnv === 'all' ? all : [...BASE, ...locale, ...passEnv]
  const passed = names.map((name) => [name, process.env[name]] as const)
  const declared = Object.values(inputs).flatMap((input) => {
    if (input.kind === 'env') return [[input.name, input.value] as const]
    return input.kind === 'secret' ? [[input.name, process.env[input.name]] as const] : []
  })
  const given = [...passed, ...Object.entries(setEnv), ...declared]
  const set = given.filter((entry): entry is [string, string] => entry[1] !== undefined)
  // A program can see their order, which is not in the key.
  return Object.fromEntries(sortedEntries(Object.fromEntries(set)))
}
