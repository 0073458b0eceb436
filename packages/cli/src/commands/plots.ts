import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from '../commander.ts'
import { collect } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { warnOf } from './values.ts'
import { messageOf } from '@stepwell/base/errors'
import type { Plot, PlotProps, Revision } from '@stepwell/dvc'
import { StepwellError } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { visible } from '../ui/text.ts'
import { plotsText } from './plots-text.ts'
import { print, printJson } from './project.ts'
import {
  runNames,
  warn,
  withHistory,
  WORKSPACE,
  type History,
  type RevisionOptions,
} from './revisions.ts'

/** Adds `stepwell plots`. */
export function register({ command, exit }: Cli): void {
  const plots = command('plots', 'the plots of a DVC project')
  const drawing = (name: string, description: string): Command =>
    plots
      .command(name)
      .description(description)
      .option('--run <id>', 'after a recorded run; may be repeated', collect)
      .option('-o, --out <path>', 'write the page to this directory, or .html file')
      .option('--terminal', 'draw in the terminal')
      .option('-x <field>', 'what is on the x axis')
      .option('-y <field>', 'what is on the y axis')
      .option('-t, --template <name>', 'linear, simple, scatter, confusion, and so on')
      .option('--title <text>', 'a title')
      .option('--x-label <text>', 'a label of the x axis')
      .option('--y-label <text>', 'a label of the y axis')
      .option('--no-header', 'the first line of a table has no names')
      .option('--json', 'print JSON')
  drawing('show', 'draw plots of the workspace, of revisions, or of runs')
    .argument('[targets...]', 'files, directories or names of plots (default: all)')
    .option('--rev <rev>', 'in a Git revision; may be repeated', collect)
    .action(async (targets: string[], _: unknown, show: Command) =>
      exit(await showPlots(targets, show.optsWithGlobals<PlotsOptions>())),
    )
  drawing('diff', 'draw plots of several revisions over each other')
    .argument('[revisions...]', 'Git revisions (default: HEAD and workspace)')
    .option('--targets <paths...>', 'files, directories or names of plots (default: all)')
    .action(async (revisions: string[], _: unknown, diff: Command) =>
      exit(await diffPlots(revisions, diff.optsWithGlobals<PlotsOptions>())),
    )
}

export interface PlotsOptions extends RevisionOptions {
  readonly rev?: readonly string[]
  readonly out?: string
  readonly terminal?: boolean
  readonly json?: boolean
  readonly x?: string
  readonly y?: string
  readonly template?: string
  readonly title?: string
  readonly xLabel?: string
  readonly yLabel?: string
  readonly header?: boolean
}

const PAGE = 'index.html'
const FOLDER = 'dvc_plots'

/** Draws the plots of a DVC project as they are now, in revisions, or after runs. */
export async function showPlots(
  targets: readonly string[],
  options: PlotsOptions,
): Promise<ExitCode> {
  return await withHistory(options, targets, async (history) => {
    const named = [...(options.rev ?? []), ...runNames(options.run)]
    return await draw(history, named.length > 0 ? named : [WORKSPACE], targets, options)
  })
}

/** Draws the plots of several revisions or runs over each other. */
export async function diffPlots(
  revisions: readonly string[],
  { targets = [], ...options }: PlotsOptions,
): Promise<ExitCode> {
  return await withHistory(options, targets, async (history) => {
    const named = [...revisions, ...runNames(options.run)]
    return await draw(history, comparedWith(history, named), targets, options)
  })
}

// As in DVC: one is compared with what is there now, and that comes first.
function comparedWith({ git }: History, named: readonly string[]): string[] {
  if (named.length > 1) {
    const others = named.filter((name) => name !== WORKSPACE)
    return others.length === named.length ? others : [WORKSPACE, ...others]
  }
  if (named.length === 1) return [WORKSPACE, ...named.filter((name) => name !== WORKSPACE)]
  return git().hasCommits && git().isDirty ? [WORKSPACE, 'HEAD'] : [WORKSPACE]
}

async function draw(
  { root, open, inside }: History,
  names: readonly string[],
  targets: readonly string[],
  options: PlotsOptions,
): Promise<ExitCode> {
  const { collectPlots } = await import('@stepwell/dvc')
  const revisions: Revision[] = []
  for (const name of new Set(names)) revisions.push(await open(name))
  const plots = await collectPlots(revisions, {
    // A target is a path, or the name that `dvc.yaml` gives to a plot.
    targets: [...new Set(targets.flatMap((target) => [inside(target), target]))],
    props: propsOf(options),
  })
  const { out, terminal = false, json = false } = options
  const isTerminal = terminal || (process.stdout.isTTY && out === undefined)
  const page = out !== undefined || (!isTerminal && !json) ? pageOf(out, options.cwd) : undefined
  if (page !== undefined) {
    const { renderPage } = await import('../plots/page.ts')
    const shown = revisions.map(({ name }) => name)
    write(page, renderPage({ title: basename(root), revisions: shown, plots }))
  }
  if (json) {
    const described = plots.map(describe)
    printJson('stepwell.plots/1', {
      revisions: revisions.map(({ name }) => name),
      plots: described,
      ...(page !== undefined && { page }),
    })
  } else if (isTerminal) print(plotsText(plots))
  if (page !== undefined && !json) print(pathToFileURL(page).href)
  for (const { id, notes, errors } of plots) {
    for (const note of notes) warn(visible(`${id}: ${note}`))
    for (const error of errors) warnOf(error)
  }
  const isDrawn = plots.some(hasContent) || plots.every(({ errors }) => errors.length === 0)
  return isDrawn ? EXIT.ok : EXIT.failed
}

function propsOf({ x, y, template, title, xLabel, yLabel, header }: PlotsOptions): PlotProps {
  return {
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y: [y] }),
    ...(template !== undefined && { template }),
    ...(title !== undefined && { title }),
    ...(xLabel !== undefined && { xLabel }),
    ...(yLabel !== undefined && { yLabel }),
    ...(header === false && { header }),
  }
}

function hasContent({ content }: Plot): boolean {
  switch (content.kind) {
    case 'chart':
      return content.series.length > 0
    case 'confusion':
      return content.matrices.length > 0
    case 'images':
      return content.images.length > 0
  }
}

/** Where the page goes: as DVC, into a directory, unless a file is named. */
function pageOf(out: string | undefined, cwd: string): string {
  const path = resolve(cwd, out ?? FOLDER)
  return extname(path) === '.html' ? path : join(path, PAGE)
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: `the page cannot be written to ${path}`,
      details: messageOf(cause),
      hint: 'name another place with --out',
      cause,
    })
  }
}

function describe({ content, ...plot }: Plot): object {
  switch (content.kind) {
    case 'chart':
      return { ...plot, ...content }
    case 'confusion': {
      const { kind, xLabel, yLabel, matrices } = content
      return { ...plot, kind, xLabel, yLabel, matrices }
    }
    case 'images': {
      const images = content.images.map(({ bytes, ...image }) => ({ ...image, size: bytes.length }))
      return { ...plot, kind: content.kind, images }
    }
  }
}
