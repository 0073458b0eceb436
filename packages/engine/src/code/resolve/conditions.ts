/** What `--conditions` gave, on the command line or in NODE_OPTIONS. */
export function conditions(): string[] {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  return options.flatMap((option, index) => {
    const [, attached] = /^(?:--conditions|-C)=(.+)$/.exec(option) ?? []
    if (attached !== undefined) return [attached]
    const next = options[index + 1]
    return (option === '--conditions' || option === '-C') && next !== undefined ? [next] : []
  })
}
