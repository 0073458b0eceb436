const STACK_DEPTH = 30

/** The stack above `callee`, deep enough to reach the module's top level through a few helpers. */
export function callSite(callee: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = STACK_DEPTH
  Error.captureStackTrace(holder, callee)
  const stack = holder.stack ?? ''
  Error.stackTraceLimit = limit
  return stack
}
