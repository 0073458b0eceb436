import { contentOf, type Content } from '../content/content.ts'
import { child } from '../format/node.ts'
import { parseYaml } from '../format/yaml.ts'
import { looksTyped } from '../format/yaml-scalar.ts'
import { anyText } from '../value/text.ts'
import { isMap } from '../value/value.ts'

const FIELDS = ['md5', 'hash', 'size', 'nfiles', 'isexec'] as const
const SCALAR = /"[^"]*"|'[^']*'|[^\s,}\]]+/y

/**
 * The text of a `*.dvc` file that records other contents of its outs: only their values change, and comments and
 * all else stay. `undefined` where a field would have to come or go.
 *
 * @param contents by the path of the out, as it is written
 * @throws StepwellError STEPWELL_DVC_YAML
 */
export function sourceText(
  file: string,
  text: string,
  contents: ReadonlyMap<string, Content>,
): string | undefined {
  const list = child(parseYaml(file, text).root, 'outs')
  const edits = new Map<number, string>()
  for (const out of list?.kind === 'list' ? list.items : []) {
    if (!isMap(out.value)) continue
    const content = contents.get(anyText(out.value.get('path') ?? ''))
    if (content === undefined) continue
    const recorded = contentOf(out.value)
    for (const field of FIELDS) {
      if (content[field] === recorded[field]) continue
      const node = child(out, field)
      const value = content[field]
      if (node === undefined || value === undefined) return undefined
      edits.set(node.offset, typeof value === 'string' ? scalar(value) : String(value))
    }
  }
  let edited = text
  for (const [offset, value] of [...edits].toSorted(([one], [other]) => other - one)) {
    SCALAR.lastIndex = offset
    const length = SCALAR.exec(text)?.[0].length ?? 0
    edited = edited.slice(0, offset) + value + edited.slice(offset + length)
  }
  return edited
}

// Digits alone, or with one `e` among them, would be read as a number.
function scalar(text: string): string {
  return looksTyped(text) ? `'${text}'` : text
}
