import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { all, Project } from './rig.ts'

const PIPELINE = `
import { glob, file, pipeline, step, url } from '@stepwell/engine'
import { cleanTable, collectTable, openTable, splitTable } from '@stepwell/steps'

const remote = step({
  inputs: { prices: url('ADDRESS') },
  outs: { table: file('work/prices.parquet') },
  params: { format: 'csv' },
  run: collectTable,
})
const local = step({
  inputs: { days: glob('data/*.csv') },
  outs: { table: file('work/days.parquet'), rejected: file('work/rejected.parquet') },
  params: { types: { n: 'integer' } },
  run: collectTable,
})
const clean = step({
  inputs: { table: local.out('table') },
  outs: { table: file('work/clean.parquet') },
  params: { operations: [{ op: 'dropMissing' }] },
  run: cleanTable,
})
const split = step({
  inputs: { table: clean.out('table') },
  outs: { train: file('work/train.parquet'), test: file('work/test.parquet') },
  params: { by: 'random', train: 0.5, seed: 1 },
  run: splitTable,
})
const total = step({
  inputs: { prices: remote.out('table'), train: split.out('train') },
  run: async ({ prices, train }) => {
    await using a = await openTable(prices)
    await using b = await openTable(train)
    return { prices: a.rows, train: b.rows }
  },
})
export default pipeline('tables', { remote, local, clean, split, total })
`
const STEPS = ['remote', 'local', 'clean', 'split', 'total']

async function serving(server: Server): Promise<string> {
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/prices?day=1`
}

test('tables pass from a url and a glob through the steps, and a change ends where it makes no difference', async () => {
  let body = 'price\n1\n2\n'
  const address = await serving(
    createServer((request, response) => {
      const tag = `"${Buffer.from(body).toString('hex')}"`
      const isSame = request.headers['if-none-match'] === tag
      response.writeHead(isSame ? 304 : 200, { etag: tag }).end(isSame ? '' : body)
    }),
  )
  const project = new Project()
  project.write('pipeline.ts', PIPELINE.replace('ADDRESS', address))
  project.write('data/a.csv', 'n,t\n1,x\n2,y\nbad,z\n')
  project.write('data/b.csv', 'n,t\n3,x\n4,\n5,v\n')
  const { statuses, record, stderr } = await project.run()
  expect(statuses, stderr).toEqual(all('succeeded', STEPS))
  expect(record.steps['local']?.output?.about).toContain('rows 5, rejected 1')
  expect(record.steps['total']?.output?.about).toBe('{ prices 2, train 2 }')
  expect((await project.run()).statuses).toEqual(all('cached', STEPS))

  // Other bytes, the same table.
  body = 'price\r\n1\r\n2\r\n'
  project.write('data/b.csv', '"n","t"\n"3","x"\n"4",""\n"5","v"\n')
  expect((await project.run()).statuses).toEqual({
    ...all('succeeded', ['remote', 'local']),
    ...all('cached', ['clean', 'split', 'total']),
  })

  // What is lost in the project comes back without any work.
  rmSync(project.path('work'), { recursive: true })
  expect((await project.run()).statuses).toEqual(all('cached', STEPS))
  expect(Object.keys(project.tree('work'))).toHaveLength(6)
})
