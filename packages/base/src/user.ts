import { hostname, userInfo } from 'node:os'

/** `user@host`, for records of who did something. */
export function whoAmI(): string {
  let user: string
  try {
    user = userInfo().username
  } catch {
    // A user id without an entry in the system's list, as in containers.
    user = String(process.getuid?.() ?? 'unknown')
  }
  return `${user}@${hostname()}`
}
