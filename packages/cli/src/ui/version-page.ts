import type { AliasMove, Lineage, RegisteredVersion } from '@stepwell/registry'
import { renderTable } from './table.ts'
import { brief, formatTime, plural } from './text.ts'

/** Metrics in as few words as a cell has room for. */
export function metricsText(metrics: Readonly<Record<string, number | null>>): string {
  return Object.entries(metrics)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} ${shortNumber(value)}`]))
    .join(', ')
}

/** `max 5, metric rmse, value 4.2`: that it passed is why the version is there. */
function gateText(gate: object): string {
  return Object.entries(gate)
    .filter(([name]) => name !== 'passed')
    .map(([name, value]: [string, unknown]) => {
      if (typeof value === 'number') return `${name} ${shortNumber(value)}`
      return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`
    })
    .join(', ')
}

function shortNumber(value: number): number {
  return Number(value.toPrecision(5))
}

/** All that is known of a version, and the moves of the aliases of its model. */
export function versionPage(
  { model, id, manifest, registration }: RegisteredVersion,
  aliases: readonly string[],
  lineage: Lineage | undefined,
  history: readonly AliasMove[],
): string {
  const { schema, metrics, gate } = manifest
  const facts: [string, string][] = [
    ['model', model],
    ['version', id],
    ['aliases', aliases.join(', ') || 'none'],
    ['predicts', schema.output.name],
    ['metrics', metricsText(metrics ?? {}) || 'none'],
    ['gate', gate === null ? 'none' : gateText(gate)],
  ]
  if (registration !== undefined) {
    const { at, who, by } = registration
    facts.push(['registered', `${formatTime(at)} by ${who}, ${by}`])
  }
  if (lineage !== undefined) {
    const { run, pipeline, step, key, status, inputs } = lineage
    facts.push(['run', `${run} of ${pipeline}`], ['step', `${step}, ${status}, key ${key}`])
    const read = inputs.map(({ source, digest }) => `${source} ${digest ?? ''}`.trim())
    facts.push(['inputs', read.join(', ') || 'none'])
  }
  const inputs = schema.inputs.map((input) => {
    const { name, type, min, max, above, values, seen } = input
    const bounds = [
      min === undefined ? undefined : `from ${min}`,
      above === undefined ? undefined : `above ${above}`,
      max === undefined ? undefined : `to ${max}`,
      values === undefined ? undefined : brief(`one of ${values.join(', ')}`),
    ]
    const range = seen === undefined ? '-' : `${seen.min} to ${seen.max}`
    return [name, type, bounds.filter((bound) => bound !== undefined).join(' ') || '-', range]
  })
  const moves = history.map(({ alias, action, version, at, who, by, why }) => [
    formatTime(at),
    alias,
    action,
    version ?? '-',
    who,
    by,
    why ?? '-',
  ])
  const parts = [
    facts.map(([name, text]) => `${name.padEnd(11)}${text}`).join('\n'),
    renderTable(['input', 'type', 'allowed', 'seen in training'], inputs),
  ]
  const head = ['when', 'alias', 'move', 'version', 'who', 'by', 'why']
  if (moves.length > 0) parts.push(renderTable(head, moves, ['by', 'when']))
  return `${parts.join('\n\n')}\n\n${plural(moves.length, 'move')} of aliases`
}
