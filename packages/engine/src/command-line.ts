/** What a step runs that calls no function. */
export interface CommandLine {
  /** As declared: a program and its arguments, or a text for the shell. */
  readonly cmd: string | readonly string[]
  /** The shell that reads a text; none for a list. */
  readonly shell: string | null
  /** Where it runs, relative to the project. */
  readonly dir: string
  /** What becomes of what it prints: it goes to the log, or is the step's value. */
  readonly stdout: 'log' | 'text' | 'json'
}
