import type { ProjectWriter } from '../project.ts'

/** Steps that come into the pipeline by a spread, as a group, or from another module. */
export function group(writer: ProjectWriter): void {
  const name = writer.name('grid')
  const [one, two] = [`${name}a`, `${name}b`]
  const make = (step: string): string =>
    `const ${step} = step({ params: { k: ${writer.digit()} }, run: (_, { params }) => params.k + ${writer.digit()} })`
  const form = writer.pick(['spread', 'entries', 'nested', 'module', 'rest'])
  const more = `const ${name}c = step({ run: () => ${writer.digit()} })`
  const file = form === 'module' ? `${name}.js` : writer.main
  const members = `{ ${one}, ${two} }`
  const grown = `{ ${one}, ${two}, ${name}c }`
  const lines = [make(one), make(two), more]
  switch (form) {
    case 'module':
      writer.files[file] = [
        `import { step } from '@stepwell/engine'`,
        ...lines,
        `export const ${name} = ${members}`,
      ].join('\n')
      writer.imports.push(`import { ${name} } from './${file}'`)
      writer.members.push(`...${name}`)
      break
    case 'entries':
      writer.body.push(...lines, `const ${name} = Object.entries(${members})`)
      writer.members.push(`...Object.fromEntries(${name})`)
      break
    case 'nested':
      writer.body.push(...lines, `const ${name} = ${members}`)
      writer.members.push(name)
      break
    case 'rest':
      writer.body.push(...lines, `const { ...${name} } = ${members}`)
      writer.members.push(`...${name}`)
      break
    default:
      writer.body.push(...lines, `const ${name} = ${members}`)
      writer.members.push(`...${name}`)
  }
  // Made by a plain `step({ ... })` each, they are what they are whatever is beside them.
  writer.swap(file, members, grown, form === 'spread' || form === 'nested' ? [''] : undefined)
  writer.tweak(file, new RegExp(`const ${one} = .*k: (\\d)`), [two])
  writer.tweak(file, new RegExp(`const ${one} = .*params\\.k \\+ (\\d)`), [two])
}
