import fc from 'fast-check'
import { expect, test } from 'vitest'
import { harmless } from '../packages/cli/src/ui/terminal.ts'
import { Project } from './rig.ts'

// Signs that steer a terminal, overwrite what was printed, end a text, or turn the direction of writing.
const SIGNS = [
  '\u001b]0;title\u0007',
  '\u001b[2J',
  '\u001b[8mhidden\u001b[0m',
  '\u001b[31mred',
  '\u001b[30;40mblack on black',
  '\u001bc',
  '\u009b2J',
  '\u0085',
  '\0',
  '\b\b\b',
  '\u007f',
  'over\rwritten',
  '\u202egnp.exe',
  '\u2066isolated\u2069',
  '\u200fmark',
]
// oxlint-disable-next-line no-control-regex -- what must not come out
const BAD = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u
// Colours of letters alone, and the cursor.
// oxlint-disable-next-line no-control-regex -- ours
const ALLOWED = /\u001b\[(?:[0-9]{1,2}m|\?25h)/g

test('what a terminal is given holds no sign that steers it, and JSON stays what it was', () => {
  const text = fc.array(
    fc.oneof(
      fc.constantFrom(...SIGNS, '\u001b', '[', 'm', '31', ';'),
      fc.string({ unit: 'binary' }),
    ),
  )
  fc.assert(
    fc.property(text, (parts) => {
      const all = parts.join('')
      expect(harmless(all, false)).not.toMatch(BAD)
      expect(harmless(all, true).replaceAll(ALLOWED, '')).not.toMatch(BAD)
      expect(JSON.parse(harmless(JSON.stringify({ all }), false))).toEqual({ all })
    }),
    { numRuns: 200 },
  )
  expect(harmless('\u001b[32mok\u001b[39m \u001b[8mno\u001b[0m', true)).toBe(
    '\u001b[32mok\u001b[39m no\u001b[0m',
  )
})

test('texts of others come to the terminal harmless, whatever command prints them', async () => {
  const project = new Project()
  const all = SIGNS.join(' ')
  project.write('text.txt', all)
  project.write(
    'pipeline.ts',
    `import { readFileSync } from 'node:fs'
import { file, pipeline, step } from '@stepwell/engine'
const all = ${JSON.stringify(all)}
console.log('loading', all)
const value = step({
  description: all,
  params: { all },
  inputs: { text: file('text.txt') },
  outs: { out: file('out/a.txt') },
  run: ({ text }, { log, metric, outs }) => {
    log(all)
    console.log(text.text())
    metric(all, 1)
    require_('node:fs').writeFileSync(outs.out, all)
    return { [all]: all }
  },
})
const bad = step({
  inputs: { value },
  when: () => { console.log(all); return true },
  run: () => { throw Object.assign(new Error(all), { code: all }) },
})
import { createRequire } from 'node:module'
const require_ = createRequire(import.meta.url)
export default pipeline('p', { value, bad })
`,
  )
  const commands = [
    ['run', '-v'],
    ['run', '--json'],
    ['run', '--events', 'ndjson'],
    ['status'],
    ['plan', '--json'],
    ['explain', 'value'],
    ['logs', 'value'],
    ['runs'],
    ['runs', 'show', '--last'],
    ['graph'],
    ['metrics', 'show'],
    ['cache', 'ls'],
    ['code', 'value'],
  ]
  let printed = ''
  for (const args of commands) {
    const { stdout, stderr } = await project.stepwell(...args)
    expect([args, BAD.exec(stdout), BAD.exec(stderr)]).toEqual([args, null, null])
    printed += stdout
    if (args.includes('--json')) JSON.parse(stdout)
  }
  expect(printed).toContain(String.raw`over\u000dwritten`)
}, 60_000)
