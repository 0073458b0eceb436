import { leadsOutside } from '@stepwell/base/paths'
import { dvcError } from '../dvc-error.ts'
import { child, type YamlNode } from '../format/node.ts'
import { placeOf, type YamlText } from '../format/yaml.ts'
import type { Context } from '../template/context.ts'
import { resolveNode, resolveText, type Resolving } from '../template/resolve.ts'
import { withVars } from '../template/vars.ts'
import { isList, isScalar, type DvcValue } from '../value/value.ts'
import { anyText, templateText } from '../value/text.ts'
import { engineOptions } from './engine-options.ts'
import { joinPath, locate } from './location.ts'
import type { ProjectFiles } from './project-files.ts'
import { resolveOuts } from './resolve-outs.ts'
import { resolveParams } from './resolve-params.ts'
import type { Stage, StageDep } from './stage.ts'
import { expectText, type Where } from './where.ts'

export interface StageRequest extends Resolving {
  readonly files: ProjectFiles
  readonly file: string
  readonly dir: string
  readonly name: string
  readonly group?: string
  readonly offset: number
}

/**
 * A stage with all its templates resolved.
 * @throws StepwellError STEPWELL_DVC_TEMPLATE, STEPWELL_DVC_YAML, STEPWELL_DVC_UNSUPPORTED
 */
export function resolveStage(node: YamlNode, outer: Context, request: StageRequest): Stage {
  const { yaml, files, name } = request
  const wdir = wdirOf(child(node, 'wdir'), outer, request)
  const vars = child(node, 'vars')
  const context =
    vars === undefined
      ? outer
      : withVars(outer, vars, { yaml, files, dir: wdir, name: `${name}.vars` })

  const value = (key: string, allowed: 'single' | 'command' = 'single'): DvcValue | undefined => {
    const field = child(node, key)
    return field === undefined ? undefined : resolveNode(field, context, allowed, request)
  }
  const at = (key: string): { readonly offset: number } => child(node, key) ?? node
  const place = placeOf(yaml, request)
  const cmd = commandOf(value('cmd', 'command') ?? null, at('cmd'), yaml)
  const where = { yaml, root: files.root, wdir }
  const desc = value('desc')
  const meta = value('meta')
  return {
    kind: 'stage',
    name,
    address: request.file === 'dvc.yaml' ? name : `${request.file}:${name}`,
    ...(request.group === undefined ? {} : { group: request.group }),
    file: request.file,
    place,
    wdir,
    cmd,
    commands: typeof cmd === 'string' ? splitLines(cmd) : cmd,
    deps: depsOf(value('deps'), at('deps'), where),
    params: resolveParams(value('params'), at('params'), where),
    outs: [
      ...resolveOuts(value('outs'), 'out', at('outs'), where),
      ...resolveOuts(value('metrics'), 'metric', at('metrics'), where),
      ...resolveOuts(value('plots'), 'plot', at('plots'), where),
    ],
    frozen: value('frozen') === true,
    alwaysChanged: value('always_changed') === true,
    ...(typeof desc === 'string' ? { desc } : {}),
    ...(meta === undefined ? {} : { meta }),
    options: engineOptions(meta, placeOf(yaml, at('meta'))),
  }
}

function wdirOf(node: YamlNode | undefined, context: Context, request: StageRequest): string {
  if (node === undefined || typeof node.value !== 'string' || node.value === '') {
    return request.dir
  }
  const value = resolveText(node.value, node, context, 'single', request)
  const wdir = joinPath(request.dir, isScalar(value) ? templateText(value) : '')
  if (!leadsOutside(wdir)) return wdir
  throw dvcError(placeOf(request.yaml, node), {
    code: 'STEPWELL_DVC_YAML',
    summary: `wdir '${anyText(value)}' is outside of the project`,
    hint: 'expected a directory of the project, relative to the file',
  })
}

function commandOf(
  value: DvcValue,
  at: { readonly offset: number },
  yaml: YamlText,
): string | readonly string[] {
  if (isList(value)) return value.map((item) => expectText(item, at, yaml))
  return expectText(value, at, yaml)
}

// oxlint-disable-next-line no-control-regex -- Python names them, too
const LINE_END = /\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/

// As Python's `splitlines`: an empty last line does not count.
function splitLines(text: string): string[] {
  const lines = text.split(LINE_END)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function depsOf(
  value: DvcValue | undefined,
  at: { readonly offset: number },
  where: Where,
): StageDep[] {
  if (value === undefined || !isList(value)) return []
  return value.map((item) => {
    const written = expectText(item, at, where.yaml)
    if (/^ds:\/\//i.test(written)) {
      throw dvcError(placeOf(where.yaml, at), {
        code: 'STEPWELL_DVC_UNSUPPORTED',
        summary: `the dataset '${written}' as a dependency is not supported`,
        hint: 'expected a file, a directory or a URL',
      })
    }
    return locate(where.root, where.wdir, written)
  })
}
