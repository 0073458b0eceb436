/**
 * Builds every package and packs it as it would be published.
 * @returns the paths of the tarballs by the names of the packages
 */
export function packAll(dir: string): Record<string, string>

/** Runs the pnpm that the workspace names, and returns what it prints. */
export function pnpm(args: readonly string[], cwd: string): string
