import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('kill-child.ts', import.meta.url))

/** Runs a step in a process of its own, killed at a moment or, without one, to its end. */
export async function runAndKill(
  step: 'deployModel' | 'monitorModel',
  { dir, inputs, params }: { dir: string; inputs: object; params: object },
  moment?: number,
): Promise<{ signal: string | null; moments: number }> {
  const args = [dir, step, JSON.stringify(inputs), JSON.stringify(params), String(moment ?? 0)]
  const child = spawn(process.execPath, ['--conditions=@stepwell/source', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the child ended with ${code ?? signal}`)
  return { signal, moments: Number(output) }
}
