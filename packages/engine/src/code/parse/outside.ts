/** Members that bring in values from outside, or that are the only ones that do not. */
type Members =
  | { readonly all: true; readonly but: ReadonlySet<string> }
  | { readonly all: false; readonly only: RegExp }

const but = (...names: readonly string[]): Members => ({ all: true, but: new Set(names) })
const only = (pattern: RegExp): Members => ({ all: false, only: pattern })

/** Modules of Node that read, ask or execute. */
const MODULES: ReadonlyMap<string, Members> = new Map([
  ['fs', but('constants')],
  ['fs/promises', but('constants')],
  ['child_process', but()],
  ['http', but('METHODS', 'STATUS_CODES', 'maxHeaderSize')],
  ['https', but()],
  ['http2', but('constants')],
  ['net', but('isIP', 'isIPv4', 'isIPv6')],
  ['tls', but()],
  ['dgram', but()],
  ['dns', but()],
  ['dns/promises', but()],
  ['os', but('EOL', 'constants', 'devNull')],
  ['sqlite', but('constants')],
  ['readline', but()],
  ['readline/promises', but()],
  ['worker_threads', only(/^Worker$/)],
  [
    'crypto',
    only(/^(?:random|generate|getRandomValues|webcrypto|subtle|createDiffieHellman|createECDH)/),
  ],
  ['perf_hooks', only(/^(?:performance|monitorEventLoopDelay|eventLoopUtilization)$/)],
  [
    'process',
    only(
      /^(?:hrtime|uptime|pid|ppid|(?:available|constrained)Memory|memoryUsage|cpuUsage|threadCpuUsage|resourceUsage)$/,
    ),
  ],
])

/** What all code sees, and which of its members are like those. */
const GLOBALS: ReadonlyMap<string, Members> = new Map([
  ['Date', only(/^now$/)],
  ['Math', only(/^random$/)],
  ['performance', only(/^(?:now|timeOrigin|mark|measure|toJSON)$/)],
  ['crypto', only(/^(?:random|getRandomValues|subtle)/)],
  ['process', MODULES.get('process') as Members],
  ['fetch', but()],
  ['WebSocket', but('CONNECTING', 'OPEN', 'CLOSING', 'CLOSED')],
  ['EventSource', but('CONNECTING', 'OPEN', 'CLOSED')],
])

/** What is outside whether or not it is called. */
const VALUES = /^(?:pid|ppid|timeOrigin)$/

/**
 * Whether a member of a module of Node reads, asks or executes; of a whole module, whether any does.
 *
 * @param member `null` for the whole module
 */
export function isOutsideModule(specifier: string, member: string | null): boolean {
  const members = MODULES.get(specifier.replace(/^node:/, ''))
  return members !== undefined && (isWhole(member) || includes(members, member))
}

/** Whether a name of the platform, or a member of it, does. */
export function isOutsideGlobal(name: string, member: string | null): boolean {
  const members = GLOBALS.get(name)
  return members !== undefined && (member === null || includes(members, member))
}

/** Whether reading a member is enough. */
export function isOutsideValue(member: string | null): boolean {
  return member !== null && VALUES.test(member)
}

function isWhole(member: string | null): member is null | 'default' {
  return member === null || member === 'default'
}

function includes(members: Members, member: string): boolean {
  return members.all ? !members.but.has(member) : members.only.test(member)
}
