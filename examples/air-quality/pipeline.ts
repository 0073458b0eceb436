// Hourly sensor readings: cut into a file a day, each day summarised for itself, months compared. A change
// of one day's readings makes one of 391 items run again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dir, file, gate, pipeline, step } from '@stepwell/engine'
import { daysOf, mean, summariseDay } from './day.ts'

export const days = step({
  description: 'cut the readings into a file a day',
  inputs: { csv: file('data/hourly.csv') },
  outs: { days: dir('work/days') },
  run: ({ csv }, { outs }) => {
    const all = daysOf(csv.text())
    for (const [name, text] of all) writeFileSync(join(outs.days, `${name}.csv`), text)
    return all.size
  },
})

export const summaries = step.map({
  description: 'summarise each day',
  over: days.out('days'),
  run: summariseDay,
})

export const complete = gate({
  description: 'stop when there are days without benzene',
  of: summaries,
  params: { most: 20 },
  check: (all, { params }) => {
    const without = all.filter(({ benzene }) => benzene === null).length
    return without <= params.most || `${without} days have no reading of benzene at all`
  },
})

export const months = step({
  description: 'compare the months',
  inputs: { days: complete },
  run: (inputs, { metric }) => {
    const byMonth = Map.groupBy(inputs.days, ({ date }) => date.slice(0, 7))
    return [...byMonth].map(([month, all]) => {
      const benzene = mean(all.flatMap((day) => day.benzene ?? []))
      if (benzene !== null) metric(`benzene ${month}`, benzene)
      return { month, days: all.length, benzene }
    })
  },
})

export const report = step({
  description: 'write the table',
  inputs: { months },
  outs: { table: file('work/months.csv') },
  run: (inputs, { outs }) => {
    const rows = inputs.months.map(
      ({ month, days: count, benzene }) => `${month},${count},${benzene?.toFixed(2) ?? ''}`,
    )
    writeFileSync(outs.table, `${['month,days,benzene', ...rows].join('\n')}\n`)
  },
})

export default pipeline('air-quality', { days, summaries, complete, months, report })
