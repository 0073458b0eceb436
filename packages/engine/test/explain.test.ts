import { expect, test } from 'vitest'
import { pinned, pipeline, step, type RunnablePipeline } from '../src/index.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir } from './support/temporary.ts'

/** `collect` is read by `clean`, and that by `train`. */
function chain({ collect = '1', train = 1 } = {}): RunnablePipeline {
  const steps = {
    collect: step({ code: pinned(collect), run: () => collect }),
  }
  const clean = step({
    code: pinned('1'),
    inputs: { rows: steps.collect },
    run: ({ rows }) => rows,
  })
  return pipeline('chain', {
    ...steps,
    clean,
    train: step({
      code: pinned('1'),
      inputs: { rows: clean },
      params: { train },
      run: ({ rows }) => rows,
    }),
  })
}

test('explain goes back to the first causes of a run to come', async () => {
  const engine = await engineOn(temporaryDir())
  await engine.run(chain()).result
  const { decision, causes, pastCauses, lastRun } = await engine.explain(
    chain({ collect: '2' }),
    'train',
  )
  expect(decision).toBe('depends')
  expect(causes.map(({ name, decision: what }) => [name, what])).toEqual([['collect', 'run']])
  expect(pastCauses).toEqual([])
  expect(lastRun).toMatchObject({ status: 'succeeded', reasons: [{ kind: 'new' }], causes: [] })
})

test('explain goes back to the first causes of runs that are over', async () => {
  const engine = await engineOn(temporaryDir())
  await engine.run(chain()).result
  const { id } = await engine.run(chain({ collect: '2' }), { targets: ['clean'] }).result
  const found = await engine.explain(chain({ collect: '2' }), 'train')
  expect(found).toMatchObject({ decision: 'run', reasons: [{ kind: 'input', name: 'rows' }] })
  expect(found.causes).toEqual([])
  expect(found.pastCauses).toMatchObject([{ step: 'collect', run: id, reasons: [{ kind: 'pin' }] }])
})

test('explain names each step that changed in something of its own', async () => {
  const engine = await engineOn(temporaryDir())
  await engine.run(chain()).result
  const { id } = await engine.run(chain({ collect: '2', train: 2 })).result
  const { decision, lastRun } = await engine.explain(chain({ collect: '2', train: 2 }), 'train')
  expect(decision).toBe('cached')
  expect(lastRun?.reasons.map(({ kind }) => kind)).toEqual(['param', 'input'])
  expect(lastRun?.causes).toMatchObject([{ step: 'collect', run: id }])
  await expect(engine.explain(chain(), 'nowhere')).rejects.toThrow(/has no step "nowhere"/)
})
