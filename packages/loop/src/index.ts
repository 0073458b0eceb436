export {
  hook,
  webhook,
  type Alert,
  type AlertKind,
  type AlertTarget,
  type Hook,
  type Webhook,
} from './alert.ts'
export type { Decision } from './decision.ts'
export { decisionsOf, liveLoop, type LiveLoop } from './loop-status.ts'
export { loop, monitorsOf, type Loop, type LoopOptions, type NamedTrigger } from './loop.ts'
export { runLoop, type LoopEvent, type LoopPlace } from './run-loop.ts'
export { engineRunner, type LoopRunRequest, type Runner } from './runner.ts'
export {
  onDrift,
  onNewData,
  onSchedule,
  type DataHandle,
  type Judgement,
  type OnDrift,
  type OnNewData,
  type OnSchedule,
  type Status,
  type Target,
  type Trigger,
} from './trigger.ts'
