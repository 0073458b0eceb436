import { dvcError } from '../dvc-error.ts'
import type { DvcProject } from './load-project.ts'
import { joinPath } from './location.ts'

export interface TargetOptions {
  /** Where the targets are named from, relative to the root. @default '.' */
  readonly cwd?: string
  /** Whether a directory stands for all stages in it and below. @default false */
  readonly recursive?: boolean
  /** Whether the name of a stage is a pattern with `*`, `?` and `[...]`. @default false */
  readonly glob?: boolean
}

/**
 * The addresses that targets stand for: a stage, a group of `foreach` or `matrix`, `group@item`,
 * `path/dvc.yaml`, `path/dvc.yaml:stage`, a `*.dvc` file.
 * @throws StepwellError STEPWELL_TARGET_UNKNOWN
 */
export function selectTargets(
  project: DvcProject,
  targets: readonly string[],
  options: TargetOptions = {},
): readonly string[] {
  const found = targets.flatMap((target) => selectTarget(project, target, options))
  return [...new Set(found)]
}

function selectTarget(project: DvcProject, target: string, options: TargetOptions): string[] {
  const cwd = options.cwd ?? '.'
  if (options.recursive === true) {
    const inside = insideOf(project, joinPath(cwd, target))
    if (inside.length > 0) return inside
  }
  const { path, name } = splitTarget(target, options.glob === true)
  const file = joinPath(cwd, path)
  if (project.sources.some((source) => source.file === file)) return [file]
  const stages = project.files.find((read) => read.file === file)?.stages
  if (stages === undefined) return refuse(project, target)
  const chosen = stages.filter((stage) => {
    if (name === undefined || stage.name === name || stage.group === name) return true
    return options.glob === true && globRegex(name).test(stage.name)
  })
  // DVC runs everything for a pattern that matches nothing, which is hardly intended.
  if (chosen.length === 0 && name !== undefined) return refuse(project, target)
  return chosen.map(({ address }) => address)
}

interface SplitTarget {
  readonly path: string
  readonly name: string | undefined
}

// The key behind the first @ may hold any sign, also a colon.
function splitTarget(target: string, glob: boolean): SplitTarget {
  const at = glob ? -1 : target.indexOf('@')
  const group = at === -1 ? target : target.slice(0, at)
  const key = at === -1 ? '' : target.slice(at)
  const colon = group.lastIndexOf(':')
  if (colon !== -1) {
    const name = group.slice(colon + 1) + key
    return { path: group.slice(0, colon) || 'dvc.yaml', name: name === '' ? undefined : name }
  }
  if (key === '' && /(?:^|\/)dvc\.yaml$|\.dvc$/.test(group)) return { path: group, name: undefined }
  return { path: 'dvc.yaml', name: target }
}

function insideOf(project: DvcProject, dir: string): string[] {
  const members = [...project.sources, ...project.stages]
  const inside = members.filter(({ file }) => dir === '.' || file.startsWith(`${dir}/`))
  return inside.map(({ address }) => address)
}

// As Python's `fnmatch`, in which * also stands for a slash.
function globRegex(glob: string): RegExp {
  const source = glob.replace(/\[!?\]?[^\]]*\]|[\\^$.*+?()[\]{}|]/g, (sign) => {
    if (sign === '*') return '.*'
    if (sign === '?') return '.'
    if (sign.length > 1) return sign.replace('[!', '[^').replaceAll('\\', '\\\\')
    return `\\${sign}`
  })
  return new RegExp(`^(?:${source})$`, 'su')
}

function refuse(project: DvcProject, target: string): never {
  const names = [...project.stages, ...project.sources].map(({ address }) => address)
  throw dvcError('dvc.yaml', {
    code: 'STEPWELL_TARGET_UNKNOWN',
    summary: `there is no stage '${target}'`,
    hint: `expected one of: ${names.slice(0, 20).join(', ')}`,
  })
}
