import type { ProjectWriter, Version } from '../project.ts'

/** The package by which a step lets the outside act while it runs. */
const MEDDLER = 'stepwell-meddler'

/** A step reads a file that is another one while it runs, and as before when it ends. */
export function meddled(writer: ProjectWriter): void {
  const name = writer.name('flick')
  const path = `${name}/in.txt`
  writer.files[path] = `text ${writer.digit()}`
  writer.files[`${name}/other.txt`] = 'other'
  writer.installed(
    MEDDLER,
    {
      'index.js': `export const meddle = (step) => globalThis.stepwellMeddle?.(step)\n`,
    },
    { main: 'index.js' },
  )
  writer.imports.push(`import { meddle as ${name}m } from '${MEDDLER}'`)
  writer.imports.push(`import { readFileSync as ${name}r } from 'node:fs'`)
  const step = `${name}s`
  const read = writer.pick([
    [`file('${path}')`, 'f.location'],
    [`dir('${name}')`, 'f.files[0].location'],
    [`glob('${name}/*.txt')`, 'f[0].location'],
  ])
  const [handle, location] = [read[0] ?? '', read[1] ?? '']
  const isMapped = handle.startsWith('glob') && writer.chance(0.5)
  const body = (file: string): string =>
    `${name}m('${step}'); const text = ${name}r(${file}, 'utf8'); ${name}m('${step}'); return [text, ${writer.digit()}]`
  if (isMapped) {
    writer.declare(
      step,
      `step.map({ over: ${handle}, run: ({ item }) => { if (!item.path.endsWith('in.txt')) return 1; ${body('item.location')} } })`,
    )
    writer.members.push(step)
  } else {
    writer.step(step, `inputs: { f: ${handle} }, run: ({ f }) => { ${body(location)} }`)
  }
  // It runs, and while it does, the file is another one.
  for (let times = 0; times < 3; times += 1) {
    writer.edits.push((version) => {
      const text = version.files[writer.main] ?? ''
      const found = new RegExp(`const ${step} = .*return \\[text, (\\d)`).exec(text)
      if (found === null) return undefined
      const at = found.index + found[0].length - 1
      const digit = String((Number(found[1]) % 9) + 1)
      const pipeline = text.slice(0, at) + digit + text.slice(at + 1)
      return {
        kind: 'meddle',
        change: { files: { [writer.main]: pipeline } },
        meddling: { step, path, text: `flick ${writer.digit()}` },
      }
    })
  }
  writer.tweak(path, /text (\d)/)
}

/** Why something in a directory cannot be reached. */
const BREAKS: readonly ((name: string) => Partial<Version>)[] = [
  (name) => ({ links: { [`${name}/b.csv`]: '../not/there.csv' } }),
  (name) => ({ links: { [`${name}/b.csv`]: 'b.csv' } }),
  (name) => ({ links: { [`${name}/b.csv`]: 'a.csv/below' } }),
  (name) => ({ links: { [`${name}/b.csv`]: '/nowhere/at/all.csv' } }),
]

/** A step reads all of a directory, of which a part cannot be reached at times. */
export function unreachable(writer: ProjectWriter): void {
  const name = writer.name('disk')
  writer.files[`${name}/a.csv`] = `a ${writer.digit()}`
  writer.files[`${name}/b.csv`] = `b ${writer.digit()}`
  const step = `${name}s`
  const form = writer.pick(['glob', 'glob', 'dir', 'map', 'mapDir', 'all'])
  switch (form) {
    case 'map':
    case 'mapDir': {
      const over = form === 'map' ? `glob('${name}/*.csv')` : `dir('${name}')`
      writer.declare(step, `step.map({ over: ${over}, run: ({ item }) => item.text() })`)
      writer.members.push(step)
      break
    }
    case 'dir':
      writer.step(
        step,
        `inputs: { d: dir('${name}') }, run: ({ d }) => d.files.map((f) => f.text())`,
      )
      break
    default: {
      const pattern = form === 'glob' ? `${name}/*.csv` : `${name}/**`
      writer.step(step, `inputs: { g: glob('${pattern}') }, run: ({ g }) => g.map((f) => f.text())`)
    }
  }
  for (let times = 0; times < 3; times += 1) {
    writer.edits.push((version) => {
      const isBroken = version.links[`${name}/b.csv`] !== undefined
      const { [step]: _, ...others } = version.demands
      if (isBroken) {
        return {
          kind: 'mend a link',
          change: {
            files: { [`${name}/b.csv`]: `b ${writer.digit()}` },
            links: { [`${name}/b.csv`]: undefined },
            demands: others,
          },
        }
      }
      const broken = writer.pick(BREAKS)(name)
      return {
        kind: `break a link (${form})`,
        change: {
          ...broken,
          files: { [`${name}/b.csv`]: undefined },
          demands: { ...others, [step]: 'fails' },
        },
      }
    })
  }
  writer.tweak(`${name}/a.csv`, /a (\d)/)
}

/** A command prints an integer that no number of JavaScript holds. */
export function bigInteger(writer: ProjectWriter): void {
  const name = writer.name('big')
  const path = `${name}.txt`
  const [step, reader] = [`${name}s`, `${name}r`]
  const textOf = (digit: string): string =>
    `{ "id": 720575940379279${digit}61, "of": [9007199254740993] }`
  const valueOf = (digit: string): unknown => [`720575940379279${digit}61`, '9007199254740993']
  const digit = writer.digit()
  writer.files[path] = textOf(digit)
  writer.declare(
    step,
    `command({ cmd: ['cat', '${path}'], stdout: 'json', inputs: { f: file('${path}') } })`,
  )
  writer.members.push(step)
  writer.step(
    reader,
    `inputs: { all: ${step} }, run: ({ all }) => [String(all.id), String(all.of[0])]`,
  )
  writer.demands[reader] = { value: valueOf(digit) }
  writer.edits.push(({ demands }) => {
    const other = writer.digit()
    return {
      kind: 'another big integer',
      change: {
        files: { [path]: textOf(other) },
        demands: { ...demands, [reader]: { value: valueOf(other) } },
      },
    }
  })
}
