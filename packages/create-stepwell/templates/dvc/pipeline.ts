import { file, pipeline, step } from '@stepwell/engine'
import { dvcPipeline } from '@stepwell/dvc'

// All stages of dvc.yaml, as they are.
const dvc = await dvcPipeline('dvc.yaml')

export const report = step({
  description: 'the mean price of the largest houses',
  inputs: { largest: file('work/largest.csv') },
  // The stage whose out it reads.
  after: [dvc.stage('largest')],
  run: ({ largest }, { metric }) => {
    const prices = largest
      .text()
      .trim()
      .split('\n')
      .map((line) => Number(line.split(',')[1]))
    const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length
    metric('mean', mean)
    return { houses: prices.length, mean }
  },
})

export default pipeline('houses', { dvc: dvc.pipeline, report })
