export type PathState = 'new' | 'modified' | 'deleted'

/** Why DVC would run a stage. */
export type StaleReason =
  | { readonly kind: 'not-recorded' }
  | { readonly kind: 'command'; readonly from: string; readonly to: string }
  | { readonly kind: 'always'; readonly because: 'always_changed' | 'reads and writes nothing' }
  | { readonly kind: 'dep'; readonly path: string; readonly state: PathState }
  | {
      readonly kind: 'param'
      readonly file: string
      readonly key: string
      readonly state: PathState
      readonly from?: string
      readonly to?: string
    }
  | { readonly kind: 'params-file'; readonly file: string; readonly state: 'new' | 'deleted' }
  | {
      readonly kind: 'out'
      readonly path: string
      readonly state: 'modified' | 'deleted' | 'not in cache'
    }
  /** What DVC does not see: a dep or a param that the stage no longer has. */
  | { readonly kind: 'removed'; readonly what: 'dep' | 'param'; readonly name: string }

/** A reason as a person reads it. */
export function staleReasonText(reason: StaleReason): string {
  switch (reason.kind) {
    case 'not-recorded':
      return 'dvc.lock has no entry for it'
    case 'command':
      return `its command changed: ${shortened(reason.from)} -> ${shortened(reason.to)}`
    case 'always':
      return reason.because === 'always_changed'
        ? 'it is marked always_changed'
        : 'it reads and writes nothing, and so always runs'
    case 'dep':
      return `dependency ${reason.path} ${stateText(reason.state)}`
    case 'param': {
      const change = [reason.from, reason.to].map((value) => value ?? 'nothing').join(' -> ')
      return `param ${reason.key} of ${reason.file} ${stateText(reason.state)}: ${change}`
    }
    case 'params-file':
      return `the file of params ${reason.file} ${stateText(reason.state)}`
    case 'out':
      return reason.state === 'not in cache'
        ? `output ${reason.path} is not in the cache of DVC`
        : `output ${reason.path} ${stateText(reason.state)}`
    case 'removed':
      return `${reason.what} ${reason.name} was removed from the stage`
  }
}

function stateText(state: PathState): string {
  if (state === 'new') return 'is new'
  return state === 'deleted' ? 'is missing' : 'changed'
}

function shortened(text: string): string {
  return text.length > 80 ? `'${text.slice(0, 77)}...'` : `'${text}'`
}
