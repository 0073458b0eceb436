import type { Content } from '../content/content.ts'
import { contentOf } from '../content/content.ts'
import { dvcError } from '../dvc-error.ts'
import { child, type YamlNode } from '../format/node.ts'
import { parseYaml, placeOf } from '../format/yaml.ts'
import type { Place } from '../place.ts'
import { DVC_FILE } from '../shape/dvc-file.ts'
import { check } from '../shape/shape.ts'
import { anyText } from '../value/text.ts'
import { isMap } from '../value/value.ts'
import { joinPath, locate } from './location.ts'
import type { ProjectFiles } from './project-files.ts'
import type { Location } from './stage.ts'

export interface SourceOut {
  readonly path: string
  readonly location: Location
  readonly content: Content
  readonly cache: boolean
}

/** A `*.dvc` file: data that `dvc add` or an import tracks, and no command makes. */
export interface Source {
  readonly kind: 'source'
  /** The file, relative to the root: also what the user calls it. */
  readonly address: string
  readonly file: string
  readonly place: Place
  readonly wdir: string
  readonly outs: readonly SourceOut[]
  /** Where it was imported from, by `dvc import-url` or `dvc import`. It is never asked again. */
  readonly from?: { readonly kind: 'url' | 'repo'; readonly text: string }
  readonly frozen: boolean
}

/**
 * Reads a `*.dvc` file.
 * @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_UNSUPPORTED naming file, line and column
 */
export function readSource(file: string, files: ProjectFiles): Source {
  const yaml = parseYaml(file, files.text(file) ?? '')
  const empty: YamlNode = { kind: 'map', offset: 0, entries: [], value: new Map() }
  const root = yaml.root ?? empty
  check(root, DVC_FILE, yaml, 'the file')
  const dir = child(root, 'wdir')?.value
  const wdir = joinPath(file, '..', typeof dir === 'string' ? dir : '.')
  const dep = itemsOf(child(root, 'deps'))[0]
  const db = child(dep, 'db')
  if (db !== undefined) {
    throw dvcError(placeOf(yaml, db), {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: 'an import from a database is not supported',
      hint: 'expected data that dvc add or dvc import tracks',
    })
  }
  const outs = itemsOf(child(root, 'outs')).map((node) => {
    const entry = isMap(node.value) ? node.value : new Map()
    const located = locate(files.root, wdir, anyText(entry.get('path') ?? ''))
    return { ...located, content: contentOf(entry), cache: entry.get('cache') !== false }
  })
  const repo = child(child(dep, 'repo'), 'url')?.value
  const path = child(dep, 'path')?.value
  return {
    kind: 'source',
    address: file,
    file,
    place: placeOf(yaml, root),
    wdir,
    outs,
    ...(dep === undefined
      ? {}
      : { from: { kind: repo === undefined ? 'url' : 'repo', text: anyText(repo ?? path ?? '') } }),
    frozen: child(root, 'frozen')?.value === true || child(root, 'locked')?.value === true,
  }
}

function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'list' ? node.items : []
}
