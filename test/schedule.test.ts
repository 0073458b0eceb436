import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Project } from './rig.ts'
import { Talking } from './talking.ts'

// A status is what a file says; `update` counts how often it ran.
const PIPELINE = `
import { glob, pipeline, step } from '@stepwell/engine'
import { hook, loop, onDrift, onNewData, onSchedule, webhook } from '@stepwell/loop'

const data = glob('data/*.json', { optional: true })
export const monitor = step({
  inputs: { data },
  run: ({ data }) => {
    const { status, reasons } = JSON.parse(data.at(-1)?.text() ?? '{}') as
      { status: 'ok' | 'warn' | 'alert'; reasons: string[] }
    return { status, reasons }
  },
})
export const update = step({
  inputs: { data },
  run: ({ data }) => {
    if (data.at(-1)?.text().includes('worse')) throw new Error('the challenger is worse')
    return data.length
  },
})
export const all = pipeline('fleet', { monitor, update })
export default all
export const updates = loop(all, {
  triggers: {
    arrivals: onNewData(data, { run: [monitor], every: 20 }),
    drifted: onDrift(monitor, { run: [update] }),
    // schedule
  },
  // alerts
})
`

function fleet(): Project {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  return project
}

interface Listed {
  readonly live?: { readonly monitors: readonly string[] }
  readonly triggers: readonly { readonly name: string }[]
  readonly decisions: readonly {
    readonly trigger: string
    readonly decision: string
    readonly why: string
    readonly outcome?: string
    readonly failure?: string
    readonly run?: string
    readonly judged?: string
  }[]
}

async function listed(project: Project): Promise<Listed> {
  const { stdout } = await project.stepwell('schedule', '--list', '--json')
  return JSON.parse(stdout) as Listed
}

async function decisionsOf(project: Project): Promise<string[]> {
  const { decisions } = await listed(project)
  return decisions.map(({ trigger, decision, outcome = '' }) =>
    `${trigger} ${decision} ${outcome}`.trim(),
  )
}

function data(project: Project, name: string, status: string, ...reasons: string[]): void {
  project.write(`data/${name}.json`, JSON.stringify({ status, reasons }))
}

describe('stepwell schedule', () => {
  test('new data is looked at, drift makes an update run, and both are on record', async () => {
    const project = fleet()
    const loop = new Talking(project, ['schedule'])
    await loop.says(/^waiting for what comes; Ctrl-C to end$/m)
    data(project, 'a', 'ok')
    await loop.says(/drifted: monitor says ok: nothing to do/)
    await loop.says(/^waiting/m)
    const status = await project.stepwell('status')
    expect(status.stdout).toMatch(/^monitor +ongoing/m)
    expect(status.stdout).toMatch(/^update +never run/m)
    expect(status.stdout).toMatch(/^loop up: process \d+ on \S+ since /m)
    data(project, 'b', 'alert', 'temp has psi 0.4')
    const said = await loop.says(/^waiting/m)
    expect(said).toMatch(/arrivals: 1 new file: data\/b\.json: running monitor/)
    expect(said).toMatch(/^monitor .* ongoing /m)
    expect(said).toMatch(/drifted: monitor says alert: temp has psi 0\.4: running update/)
    loop.child.kill('SIGINT')
    expect(await loop.exit).toBe(0)
    const { live, decisions } = await listed(project)
    expect(live).toBeUndefined()
    expect(decisions.map(({ trigger, decision, outcome }) => [trigger, decision, outcome])).toEqual(
      [
        ['arrivals', 'run', 'succeeded'],
        ['drifted', 'wait', undefined],
        ['arrivals', 'run', 'succeeded'],
        ['drifted', 'run', 'succeeded'],
      ],
    )
    expect(decisions[3]?.judged).toBe(decisions[2]?.run)
    const run = await project.stepwell('runs', 'show', '--json', decisions[3]?.run ?? '')
    expect(JSON.parse(run.stdout)).toMatchObject({
      because: 'drifted: monitor says alert: temp has psi 0.4',
      status: 'succeeded',
    })
    const after = await project.stepwell('status')
    expect(after.stdout).toMatch(/^monitor +fresh/m)
    expect(after.stdout).not.toContain('loop up')
  })

  test('a later loop goes on where one before it left off', async () => {
    const project = fleet()
    data(project, 'a', 'alert')
    expect((await project.stepwell('schedule', '--once')).code).toBe(0)
    expect(await decisionsOf(project)).toEqual(['arrivals run succeeded', 'drifted run succeeded'])
    expect((await project.stepwell('schedule', '--once')).code).toBe(0)
    expect(await decisionsOf(project)).toHaveLength(2)
    // While none was up: data came, and a person ran the monitor.
    data(project, 'b', 'alert', 'another one')
    await project.run('monitor')
    const once = await project.stepwell('schedule', '--once')
    expect(once.stdout).toContain('the data is not what it was when the loop was last up')
    // What both ask for is one run.
    expect(await decisionsOf(project)).toEqual([
      'arrivals run succeeded',
      'drifted run succeeded',
      'drifted run succeeded',
      'arrivals run succeeded',
    ])
  })

  test('without data there is nothing to run on', async () => {
    const project = fleet()
    const once = await project.stepwell('schedule', '--once')
    expect(once).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await decisionsOf(project)).toEqual([])
  })

  test('data that is seldom looked at does not keep --once waiting', async () => {
    const project = fleet()
    project.edit('pipeline.ts', 'every: 20', "every: '12 h'")
    data(project, 'a', 'ok')
    await project.stepwell('schedule', '--once')
    expect(await decisionsOf(project)).toEqual(['arrivals run succeeded', 'drifted wait'])
  })

  test('data that never settles is run on all the same', async () => {
    const project = fleet()
    project.edit('pipeline.ts', 'every: 20', 'every: 10')
    data(project, 'a', 'ok')
    const writer = setInterval(() => data(project, 'b', 'ok', String(Math.random())), 2)
    try {
      const once = await project.stepwell('schedule', '--once')
      expect(once).toMatchObject({ code: 0 })
      expect(once.stdout).toContain('arrivals: there is data: 2 files')
    } finally {
      clearInterval(writer)
    }
  })

  test.skipIf(process.platform === 'win32')(
    'no name of a file and no reason keeps a run from beginning',
    async () => {
      const project = fleet()
      project.edit(
        'pipeline.ts',
        '// alerts',
        `alerts: [hook('printf "%s\\n" "$STEPWELL_TEXT" >> alerts.txt')],`,
      )
      data(project, '--force\n\u001b[31m', 'alert', `zero \0 and\n${'much '.repeat(100_000)}`)
      expect(await project.stepwell('schedule', '--once')).toMatchObject({ code: 0, stderr: '' })
      const { decisions } = await listed(project)
      expect(decisions.map(({ why, outcome }) => `${why.slice(0, 50)} ${outcome}`)).toEqual([
        'there is data: 1 file: data/--force [31m.json succeeded',
        'monitor says alert: zero and much much much much m succeeded',
      ])
      expect(project.read('alerts.txt').trim().split('\n')).toHaveLength(2)
    },
  )

  test('what was under way when the loop was killed is done by the next one', async () => {
    const project = fleet()
    project.edit(
      'pipeline.ts',
      'run: ({ data }) => {\n    if',
      `run: async ({ data }) => {
    console.log('updating')
    if (data.length === 1) await new Promise(() => setInterval(() => undefined, 1000))
    if`,
    )
    data(project, 'a', 'alert')
    const loop = new Talking(project, ['schedule'])
    await loop.says(/update: started/)
    loop.child.kill('SIGKILL')
    await loop.exit
    project.edit('pipeline.ts', 'data.length === 1', 'data.length === 0')
    const once = await project.stepwell('schedule', '--once')
    expect(once.code).toBe(0)
    expect(once.stdout).toContain('drifted: monitor says alert: running update')
    expect(await decisionsOf(project)).toEqual(['arrivals run succeeded', 'drifted run succeeded'])
  })

  test('there is one loop of a pipeline at a time', async () => {
    const project = fleet()
    const loop = new Talking(project, ['schedule'])
    await loop.says(/^waiting/m)
    const second = await project.stepwell('schedule', '--once')
    expect(second.code).toBe(2)
    expect(second.stderr).toMatch(/STEPWELL_LOOP_TAKEN/)
    loop.child.kill('SIGTERM')
    await loop.exit
    expect((await project.stepwell('schedule', '--once')).code).toBe(0)
  })

  test('a run that fails is told, and the loop goes on', async () => {
    const project = fleet()
    const long = 'worse '.repeat(30).trim()
    data(project, 'a', 'alert', long)
    const loop = new Talking(project, ['schedule'])
    const said = await loop.says(/^waiting/m)
    expect(said).toMatch(/^drifted: failed: update: the challenger is worse$/m)
    data(project, 'b', 'alert', 'better')
    await loop.says(/drifted: monitor says alert: better: running update/)
    await loop.says(/^waiting/m)
    loop.child.kill('SIGINT')
    await loop.exit
    const { decisions } = await listed(project)
    expect(decisions[1]).toMatchObject({
      outcome: 'failed',
      failure: 'update: the challenger is worse',
    })
    expect(decisions.at(-1)).toMatchObject({ trigger: 'drifted', outcome: 'succeeded' })
    const { stdout } = await project.stepwell('schedule', '--list')
    expect(stdout).toContain(`monitor says alert: ${long}; update: the challenger is worse\n`)
  })

  test('a pipeline that cannot be loaded is tried again, and nothing is forgotten', async () => {
    const project = fleet()
    project.edit('pipeline.ts', '// alerts', `alerts: [hook('cat >> alerts.ndjson')],`)
    const loop = new Talking(project, ['schedule'])
    await loop.says(/^waiting/m)
    const good = project.read('pipeline.ts')
    project.write('pipeline.ts', `${good}\nthrow new Error('half written')\n`)
    data(project, 'a', 'ok')
    await loop.says(/failed: a run of the loop could not begin.*; again at/)
    project.write('pipeline.ts', good)
    await loop.says(/^monitor .* ongoing /m)
    loop.child.kill('SIGINT')
    expect(await loop.exit).toBe(0)
    expect(JSON.parse(project.read('alerts.ndjson'))).toMatchObject({
      kind: 'failed',
      trigger: 'arrivals',
      text: expect.stringContaining('could not be carried out, and is tried again'),
    })
  }, 30_000)

  test('once, what keeps a run from beginning is the end', async () => {
    const project = fleet()
    data(project, 'a', 'ok')
    project.edit(
      'pipeline.ts',
      'export default all',
      'if (process.send) throw new Error("no")\nexport default all',
    )
    const once = await project.stepwell('schedule', '--once')
    expect(once.code).not.toBe(0)
    expect(once.stderr).toContain('STEPWELL_LOOP_RUN')
    expect(await decisionsOf(project)).toEqual([])
  })

  test('a run whose process is killed is not begun again at once', async () => {
    const project = fleet()
    project.edit(
      'pipeline.ts',
      'run: ({ data }) => {\n    if',
      "run: ({ data }) => {\n    process.kill(process.pid, 'SIGKILL')\n    if",
    )
    data(project, 'a', 'alert')
    const once = await project.stepwell('schedule', '--once')
    expect(once.code).not.toBe(0)
    expect(once.stderr).toMatch(/run \S+ of the loop was broken off.*STEPWELL_LOOP_RUN/)
    const loop = new Talking(project, ['schedule'])
    await loop.says(/broken off.*again at/)
    loop.child.kill('SIGINT')
    expect(await loop.exit).toBe(0)
    expect(loop.all.match(/update: started/g)).toHaveLength(1)
    // It is seen to once it can be.
    project.edit('pipeline.ts', "process.kill(process.pid, 'SIGKILL')", '')
    await project.stepwell('schedule', '--once')
    expect(await decisionsOf(project)).toEqual(['arrivals run succeeded', 'drifted run succeeded'])
  })

  test('Ctrl-C lets what runs come to its end, and a second one stops it', async () => {
    const project = fleet()
    project.edit(
      'pipeline.ts',
      'run: ({ data }) => {\n    if',
      `run: async ({ data }) => {
    const { existsSync } = await import('node:fs')
    while (!existsSync('go')) await new Promise((go) => setTimeout(go, 5))
    if`,
    )
    data(project, 'a', 'alert')
    const first = new Talking(project, ['schedule'])
    await first.says(/update: started/)
    first.child.kill('SIGINT')
    await first.says(/running steps may finish/)
    project.write('go', '')
    expect(await first.exit).toBe(0)
    expect(await decisionsOf(project)).toEqual(['arrivals run succeeded', 'drifted run succeeded'])
    rmSync(project.path('go'))
    data(project, 'b', 'alert', 'more')
    const second = new Talking(project, ['schedule'])
    await second.says(/update: started/)
    second.child.kill('SIGINT')
    await second.says(/running steps may finish/)
    second.child.kill('SIGINT')
    await second.exit
    // Not seen to: the next loop does it.
    expect(await decisionsOf(project)).toHaveLength(3)
  })

  test('a schedule that was missed is made up for once', async () => {
    const project = fleet()
    project.edit(
      'pipeline.ts',
      '// schedule',
      `yearly: onSchedule('0 0 1 1 *', { run: [monitor] }),`,
    )
    await project.stepwell('schedule', '--once')
    expect(await decisionsOf(project)).toEqual([])
    // As if it had been set up three years ago.
    const memory = JSON.parse(project.read('.stepwell/loop/fleet/memory.json')) as Record<
      string,
      object
    >
    const until = Date.now() - 3 * 366 * 86_400_000
    project.write(
      '.stepwell/loop/fleet/memory.json',
      JSON.stringify({ ...memory, yearly: { until } }),
    )
    const once = await project.stepwell('schedule', '--once')
    expect(once.stdout).toMatch(/yearly: 0 0 1 1 \* was due at \d+-/)
    const decisions = await decisionsOf(project)
    expect(decisions.filter((text) => text.startsWith('yearly'))).toHaveLength(1)
  })

  test('what is remembered can be lost or damaged', async () => {
    const project = fleet()
    data(project, 'a', 'ok')
    await project.stepwell('schedule', '--once')
    project.write('.stepwell/loop/fleet/memory.json', '{ "arrivals": ')
    expect((await project.stepwell('schedule', '--once')).code).toBe(0)
    rmSync(project.path('.stepwell/loop'), { recursive: true })
    expect((await project.stepwell('schedule', '--once')).code).toBe(0)
    expect(existsSync(project.path('.stepwell/loop/fleet/memory.json'))).toBe(true)
  })

  test('without a loop it says how to declare one', async () => {
    const project = fleet()
    project.edit('pipeline.ts', 'export const updates', 'const updates')
    const { code, stderr } = await project.stepwell('schedule')
    expect(code).toBe(2)
    expect(stderr).toMatch(/exports no loop of its pipeline.*STEPWELL_LOOP_MISSING/)
  })

  test('what the loop is made of is no part of a step', async () => {
    const project = fleet()
    data(project, 'a', 'ok')
    await project.run()
    const cached = { monitor: 'cached', update: 'cached' }
    const schedule = `weekly: onSchedule('0 6 * * 1', { run: [update] }),`
    project.edit('pipeline.ts', '// schedule', schedule)
    project.edit('pipeline.ts', '// alerts', `alerts: [hook('true', { on: ['failed'] })],`)
    expect((await project.run()).statuses).toEqual(cached)
    const text = project.read('pipeline.ts')
    project.write('pipeline.ts', text.slice(0, text.indexOf('export const updates')))
    expect((await project.run()).statuses).toEqual(cached)
  })

  test('a loop that is edited away while it is up still reports its runs', async () => {
    const project = fleet()
    const loop = new Talking(project, ['schedule'])
    await loop.says(/^waiting/m)
    project.edit('pipeline.ts', 'export const updates', 'const updates')
    data(project, 'a', 'alert')
    const said = await loop.says(/^waiting/m)
    expect(said).toMatch(/run \S+: succeeded/)
    expect(said).not.toContain('STEPWELL_')
    loop.child.kill('SIGINT')
    await loop.exit
    const { stderr } = await project.stepwell('schedule', '--once')
    expect(stderr).toContain('STEPWELL_LOOP_MISSING')
  })

  test('an export under two names is one loop, and two loops are too many', async () => {
    const project = fleet()
    project.write('pipeline.ts', `${project.read('pipeline.ts')}\nexport { updates as same }\n`)
    expect((await project.stepwell('schedule', '--once')).code).toBe(0)
    project.write(
      'pipeline.ts',
      `${project.read('pipeline.ts')}\nexport const other = { ...updates }\n`,
    )
    expect((await project.stepwell('schedule', '--once')).stderr).toMatch(
      /exports several loops.*STEPWELL_LOOP_MISSING/,
    )
  })

  test('a project of DVC has no loop, which is said', async () => {
    const project = new Project()
    project.write('dvc.yaml', 'stages:\n  one:\n    cmd: echo\n')
    project.write('.dvc/config', '')
    const { code, stderr } = await project.stepwell('schedule')
    expect(code).toBe(2)
    expect(stderr).toMatch(/that of dvc.yaml.*STEPWELL_LOOP_MISSING/)
  })

  test('--json is for --list', async () => {
    const { code, stderr } = await fleet().stepwell('schedule', '--json')
    expect(code).toBe(2)
    expect(stderr).toContain('ask for --events')
  })

  test('events are lines of JSON', async () => {
    const project = fleet()
    expect((await project.stepwell('schedule', '--json')).stderr).toContain('STEPWELL_USAGE')
    data(project, 'a', 'ok')
    const { stdout } = await project.stepwell('schedule', '--once', '--events')
    const types = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    expect(
      types.filter((type) => ['decided', 'ended', 'run-started', 'run-finished'].includes(type)),
    ).toEqual(['decided', 'run-started', 'run-finished', 'ended', 'decided'])
  })
})

describe('alerts', () => {
  async function listening(
    answer: () => number,
  ): Promise<{ url: string; bodies: string[]; server: Server }> {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        bodies.push(body)
        response.writeHead(answer()).end()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
      bodies,
      server,
    }
  }

  test('a webhook is told of drift, of the update, of a failure and of recovery', async () => {
    const project = fleet()
    const { url, bodies } = await listening(() => 200)
    project.edit('pipeline.ts', '// alerts', `alerts: [webhook(${JSON.stringify(url)})],`)
    for (const [name, status, reason] of [
      ['a', 'alert', 'temp'],
      ['b', 'alert', 'worse'],
      ['c', 'ok', ''],
    ] as const) {
      data(project, name, status, reason)
      await project.stepwell('schedule', '--once')
    }
    const alerts = bodies.map(
      (body) => JSON.parse(body) as { kind: string; text: string; run: string },
    )
    // That it goes on being bad is no news.
    expect(alerts.map(({ kind }) => kind).toSorted()).toEqual([
      'drift',
      'failed',
      'recovered',
      'updated',
    ])
    expect(alerts.find(({ kind }) => kind === 'drift')?.text).toBe(
      'fleet: monitor says alert: temp',
    )
    expect(alerts.find(({ kind }) => kind === 'failed')?.text).toContain('the challenger is worse')
    expect(alerts.every(({ run }) => run.length > 0)).toBe(true)
  })

  test('a webhook that fails is tried again; where it stays so, that is told', async () => {
    const project = fleet()
    let count = 0
    const { url, bodies } = await listening(() => (++count < 2 ? 503 : 204))
    project.edit(
      'pipeline.ts',
      '// alerts',
      `alerts: [webhook(${JSON.stringify(url)}, { on: ['drift'] })],`,
    )
    data(project, 'a', 'alert')
    const once = await project.stepwell('schedule', '--once')
    expect(bodies).toHaveLength(2)
    expect(once.stdout).toContain('alert sent: fleet: monitor says alert')
    project.edit('pipeline.ts', url, 'http://127.0.0.1:1/none')
    rmSync(project.path('.stepwell/loop'), { recursive: true })
    const lost = await project.stepwell('schedule', '--once')
    expect(lost.code).toBe(0)
    expect(lost.stderr).toContain(
      'alert not sent: fleet: monitor says alert: the webhook cannot be reached',
    )
  })

  test('an address that is a secret is in no output', async () => {
    const project = fleet()
    project.edit('pipeline.ts', '// alerts', `alerts: [webhook(secret('ALERT_URL'))],`)
    project.edit(
      'pipeline.ts',
      'import { glob, pipeline, step }',
      'import { glob, pipeline, secret, step }',
    )
    data(project, 'a', 'alert')
    const loop = new Talking(project, ['schedule', '--once'], {
      ALERT_URL: 'http://127.0.0.1:1/s3cr3t',
    })
    await loop.exit
    expect(loop.all).toContain('the webhook cannot be reached')
    expect(loop.all).not.toContain('s3cr3t')
    expect(project.read('.stepwell/loop/fleet/decisions.ndjson')).not.toContain('s3cr3t')
  })

  test.skipIf(process.platform === 'win32')('a command is given the alert', async () => {
    const project = fleet()
    project.edit(
      'pipeline.ts',
      '// alerts',
      `alerts: [
      hook('cat > alert.json; echo "$STEPWELL_ALERT: $STEPWELL_TEXT" > alert.txt', { on: ['drift'] }),
      hook('echo no room >&2; exit 3', { on: ['updated'] }),
    ],`,
    )
    data(project, 'a', 'alert', 'temp')
    const once = await project.stepwell('schedule', '--once')
    expect(project.read('alert.txt')).toBe('drift: fleet: monitor says alert: temp\n')
    expect(JSON.parse(project.read('alert.json'))).toMatchObject({
      kind: 'drift',
      pipeline: 'fleet',
      trigger: 'drifted',
      reasons: ['temp'],
    })
    expect(once.stderr).toContain('the command failed: it ended with 3: no room')
  })

  describe.skipIf(process.platform === 'win32')('that take long', () => {
    test('what a command leaves in the background is not waited for', async () => {
      const project = fleet()
      project.write('later.sh', 'echo $$ > pid\nexec sleep 1000\n')
      // In a session of its own: it is in no group that could be ended, and holds standard error open.
      project.edit(
        'pipeline.ts',
        '// alerts',
        `alerts: [hook('setsid sh later.sh & while ! test -s pid; do :; done', { on: ['drift'] })],`,
      )
      data(project, 'a', 'alert')
      const loop = new Talking(project, ['schedule', '--once'])
      expect(await loop.exit).toBe(0)
      process.kill(Number(project.read('pid')), 'SIGKILL')
      expect(loop.all).toContain('alert sent: fleet: monitor says alert')
    })

    test('a loop that is stopped gives up on them', async () => {
      const project = fleet()
      project.edit('pipeline.ts', '// alerts', `alerts: [hook('sleep 1000', { on: ['drift'] })],`)
      data(project, 'a', 'alert')
      const loop = new Talking(project, ['schedule'])
      await loop.says(/^waiting/m)
      loop.child.kill('SIGTERM')
      expect(await loop.exit).toBe(0)
      expect(loop.all).toContain('alert not sent: fleet: monitor says alert: the loop was stopped')
    })
  })
})
