/** For what the order in which steps are driven rules out. */
export function impossible(problem: string): never {
  throw new TypeError(problem)
}
