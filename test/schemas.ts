import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './rig.ts'

interface Field {
  readonly isOptional: boolean
  readonly type: string
}
type Shape = ReadonlyMap<string, Field>

/** The JSON documents as docs/json.md describes them, to check real ones against. */
export class Schemas {
  readonly #shapes: ReadonlyMap<string, Shape>
  /** Fields by kind. */
  readonly reasons: ReadonlyMap<string, Shape>
  readonly #seen = new Set<string>()
  readonly problems: string[] = []

  constructor() {
    const text = readFileSync(join(ROOT, 'docs', 'json.md'), 'utf8')
    const shapes = new Map<string, Shape>()
    let reasons: Shape[] = []
    const kinds: string[] = []
    for (const section of text.split(/^### /m).slice(1)) {
      const title = section.slice(0, section.indexOf('\n'))
      const rows = [...section.matchAll(/^\| `([^`]+)` *\|(.*?)\|/gm)].map(
        ([, name = '', type = '']) => [name, type.trim()] as const,
      )
      if (title === 'reason') {
        kinds.push(...rows.map(([kind]) => kind))
        reasons = rows.map(([, fields]) => {
          const parts = [...fields.matchAll(/`([^`]+)` ([^,`]+)/g)]
          return new Map(parts.map(([, name = '', type = '']) => fieldOf(name, type)))
        })
      } else shapes.set(title, new Map(rows.map(([name, type]) => fieldOf(name, type))))
    }
    const explain = [
      ...(shapes.get('planned step') ?? []),
      ...(shapes.get('stepwell.explain/1') ?? []),
    ]
    shapes.set('stepwell.explain/1', new Map(explain))
    this.#shapes = shapes
    this.reasons = new Map(kinds.map((kind, index) => [kind, reasons[index] ?? new Map()]))
  }

  /** Names of the documents. */
  get documents(): string[] {
    return [...this.#shapes.keys()].filter((name) => name.startsWith('stepwell.'))
  }

  /** Notes what in a printed document is not as it is described. Gives the name of its schema. */
  check(text: string): string {
    const { schema, ...rest } = JSON.parse(text) as { schema: string }
    if (!text.startsWith('{\n  "schema": "')) this.problems.push('the schema does not come first')
    this.#fields(rest, this.#shapes.get(schema), schema)
    return schema
  }

  /** Fields that are described and were in no document. */
  get unseen(): string[] {
    return [...this.#shapes].flatMap(([title, shape]) =>
      [...shape.keys()].map((name) => `${title}: ${name}`).filter((each) => !this.#seen.has(each)),
    )
  }

  #fields(value: object, shape: Shape | undefined, title: string): void {
    if (shape === undefined) {
      this.problems.push(`${title} is not described`)
      return
    }
    for (const name of Object.keys(value)) {
      if (!shape.has(name)) this.problems.push(`${title}: ${name} is not described`)
    }
    for (const [name, { isOptional, type }] of shape) {
      const member: unknown = Reflect.get(value, name)
      if (member === undefined) {
        if (!isOptional) this.problems.push(`${title}: ${name} is missing`)
        continue
      }
      this.#seen.add(`${title}: ${name}`)
      this.#value(member, type, `${title}: ${name}`)
    }
  }

  #value(value: unknown, type: string, place: string): void {
    const [, many, rest = ''] = /^(list|map) of (.*)$/.exec(type) ?? []
    if (many === undefined) {
      if (type === 'any') return
      if (['string', 'number', 'boolean'].includes(type)) {
        if (typeof value !== type) this.problems.push(`${place} is no ${type}`)
      } else if (typeof value !== 'object' || value === null) {
        this.problems.push(`${place} is no object`)
      } else if (type === 'reason') this.#reason(value)
      else this.#fields(value, this.#shapes.get(type), type)
    } else if (typeof value !== 'object' || Array.isArray(value) !== (many === 'list')) {
      this.problems.push(`${place} is no ${many}`)
    } else for (const item of Object.values(value as object)) this.#value(item, rest, place)
  }

  #reason(value: object): void {
    const { kind, ...rest } = value as { kind: string }
    this.#fields(rest, this.reasons.get(kind), `reason ${kind}`)
  }
}

function fieldOf(name: string, type: string): [string, Field] {
  const plain = type.replace(/\[([^\]]+)\]\([^)]*\)/, '$1').trim()
  return [name.replace(/\?$/, ''), { isOptional: name.endsWith('?'), type: plain }]
}
