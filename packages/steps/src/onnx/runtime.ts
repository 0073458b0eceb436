import { env, InferenceSession, Tensor } from 'onnxruntime-web'

// Set once, while the module is loaded: no step changes what others see. Threads would be of no use to small
// networks, and one alone gives the same sums everywhere.
env.wasm.numThreads = 1
env.logLevel = 'fatal'

export { InferenceSession, Tensor }
