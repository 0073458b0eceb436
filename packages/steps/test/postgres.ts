import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A PostgreSQL server of our own, on a socket in a directory of its own. */
export interface Postgres {
  readonly connection: string
  stop(): Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'

/** Where Debian's package has its programs, or `undefined`. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined
  const [newest] = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a))
  const dir = join(DEBIAN, newest ?? '', 'bin')
  return existsSync(join(dir, 'initdb')) && userOf() !== undefined ? dir : undefined
}

/** PostgreSQL refuses to run as root; then it runs as the user that its package made. */
function userOf(): { uid?: number; gid?: number } | undefined {
  if (process.getuid?.() !== 0) return {}
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  return line === null ? undefined : { uid: Number(line[1]), gid: Number(line[2]) }
}

export async function startPostgres(programs: string): Promise<Postgres> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-pg-'))
  const user = userOf() ?? {}
  if (user.uid !== undefined && user.gid !== undefined) chownSync(dir, user.uid, user.gid)
  const data = join(dir, 'data')
  const options = { ...user, cwd: dir }
  const init = [
    '-D',
    data,
    '-U',
    'stepwell',
    '--auth=trust',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C',
  ]
  execFileSync(join(programs, 'initdb'), init, { ...options, stdio: 'pipe' })
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-k', dir, '-h', '', '-F'], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  for await (const chunk of server.stderr) {
    said += String(chunk)
    if (said.includes('ready to accept connections')) break
  }
  return {
    connection: `socket://stepwell:pass-word@${dir}/?db=postgres`,
    async stop() {
      server.kill('SIGINT')
      if (server.exitCode === null) await once(server, 'exit')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
