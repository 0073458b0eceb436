import * as any from './any.ts'
import * as dir from './dir.ts'
import * as env from './env.ts'
import * as file from './file.ts'
import * as glob from './glob.ts'
import * as out from './out.ts'
import * as output from './output.ts'
import * as secret from './secret.ts'
import * as url from './url.ts'
import { definition, type Input, type Step } from '../../define/step.ts'
import type { InputRecord } from '../../define/input-record.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'

type HandleOf<K> = Extract<Input, { readonly kind: K }>

/** What is known of a kind of inputs. */
interface InputKind<H> {
  readonly resolve: (
    handle: H,
    sources: Sources,
    step: string,
  ) => ResolvedInput | Promise<ResolvedInput>
  /** Where it comes from, for people. */
  readonly describe: (handle: H, nameOf: Sources['nameOf']) => string
}

const KINDS: { readonly [K in Input['kind']]: InputKind<HandleOf<K>> } = {
  file,
  dir,
  any,
  glob,
  url,
  env,
  secret,
  step: output,
  pick: output,
  out,
}

/**
 * What an input is now.
 *
 * @param step the name of the step that reads it
 * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE, STEPWELL_URL, STEPWELL_ENV_MISSING,
 *   STEPWELL_NO_OUTPUT.
 */
export async function resolveInput(
  handle: Input,
  sources: Sources,
  step: string,
): Promise<ResolvedInput> {
  return await kindOf(handle).resolve(handle, sources, step)
}

/** Where an input comes from, for people. */
export function describeInput(handle: Input, nameOf: Sources['nameOf']): string {
  return kindOf(handle).describe(handle, nameOf)
}

/** A step's inputs as declared, where nothing is known of their content. */
export function declaredInputs(step: Step, nameOf: Sources['nameOf']): InputRecord[] {
  return Object.entries(definition(step).inputs).map(([name, handle]) => {
    return { name, source: describeInput(handle, nameOf) }
  })
}

function kindOf<H extends Input>({ kind }: H): InputKind<H> {
  return KINDS[kind] as unknown as InputKind<H>
}
