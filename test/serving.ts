import type { ChildProcess } from 'node:child_process'
import { request, type Agent } from 'node:http'
import { onTestFinished } from 'vitest'
import { ended, type Exit, type Project } from './rig.ts'

export interface Serving {
  readonly url: string
  readonly child: ChildProcess
  readonly exit: Promise<Exit>
}

/** A server of the project as a process of its own. */
export async function serving(
  project: Project,
  model: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Serving> {
  const child = project.start(['serve', model, '--port', '0', ...args], env)
  onTestFinished(() => void child.kill('SIGKILL'))
  const exit = ended(child)
  const url = await new Promise<string>((done, fail) => {
    let text = ''
    child.stdout?.on('data', (piece: string) => {
      text += piece
      const [, found] = /at (http:\S+)\n/.exec(text) ?? []
      if (found !== undefined) done(found)
    })
    exit.then(({ stderr }) => fail(new Error(stderr)), fail)
  })
  return { url, child, exit }
}

/** The answer to a body sent as JSON. */
export async function post(
  url: string,
  body: unknown,
  agent?: Agent,
): Promise<{ readonly status: number; readonly body: unknown }> {
  return await new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(url, { method: 'POST', headers, agent: agent ?? false }, (got) => {
      let text = ''
      got.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      got.on('error', fail)
      got.on('end', () => done({ status: got.statusCode ?? 0, body: JSON.parse(text) as unknown }))
    })
    sent.on('error', fail)
    sent.end(JSON.stringify(body))
  })
}
