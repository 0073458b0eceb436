import type { Demand } from '../define/demand.ts'
import { StepwellError } from '@stepwell/base/errors'
import { capacityFor, resourceText } from '../define/execution.ts'
import type { OrderedStep } from '../define/order.ts'
import { definition } from '../define/step.ts'

/**
 * How much there is of all that some steps take.
 * @throws StepwellError STEPWELL_RESOURCES when a step asks for more than there will ever be.
 */
export function capacityOf(steps: readonly OrderedStep[], limits: Demand): Demand {
  const demands = steps.map(({ step }) => definition(step).execution.demand)
  const capacity = capacityFor(demands, limits)
  for (const [index, { name }] of steps.entries()) {
    for (const [resource, amount] of Object.entries(demands[index] ?? {})) {
      const most = Object.hasOwn(capacity, resource) ? (capacity[resource] ?? 0) : undefined
      if (amount === 0 || (most !== undefined && amount <= most)) continue
      throw new StepwellError({
        code: 'STEPWELL_RESOURCES',
        summary: `step \`${name}\` can never run: it takes ${amount} of ${resourceText(resource)}`,
        details:
          most === undefined ? 'for which there is no limit set' : `of which there is ${most}`,
        hint:
          resource === 'cpu'
            ? `allow more at once, such as -j ${Math.ceil(amount)}, or let it take less`
            : `say how much there is: pipeline(name, steps, { limits: { ${resource}: ${amount} } }), or --limit ${resource}=${amount}`,
      })
    }
  }
  return capacity
}
