/** How much is asked for, or there is, of each resource, by name. What is not named is not needed. */
export type Demand = Readonly<Record<string, number>>

// Amounts may be fractions, whose sums are not exact: a difference of this share of the capacity is ignored.
const TOLERANCE = 1e-9

interface Resource {
  readonly capacity: number
  taken: number
  takers: number
}

/** What there is of some resources, and how much of it is taken. */
export class Stock {
  readonly #resources: Map<string, Resource>

  constructor(capacity: Demand) {
    this.#resources = new Map(
      Object.entries(capacity).map(([name, most]) => [
        name,
        { capacity: most, taken: 0, takers: 0 },
      ]),
    )
  }

  /** The resources of which there is not enough now. */
  lacking(demand: Demand): string[] {
    const names: string[] = []
    for (const name in demand) {
      const { capacity = 0, taken = 0 } = this.#resources.get(name) ?? {}
      const room = capacity - taken + TOLERANCE * Math.max(1, capacity)
      if ((demand[name] ?? 0) > room) names.push(name)
    }
    return names
  }

  take(demand: Demand): void {
    for (const [resource, amount] of this.#used(demand)) {
      resource.taken += amount
      resource.takers += 1
    }
  }

  giveBack(demand: Demand): void {
    for (const [resource, amount] of this.#used(demand)) {
      resource.takers -= 1
      // Rounding may leave a remainder: once no step holds any of it, all of it is free.
      resource.taken = resource.takers === 0 ? 0 : resource.taken - amount
    }
  }

  *#used(demand: Demand): Generator<[Resource, number], void, undefined> {
    for (const name in demand) {
      const amount = demand[name] ?? 0
      const resource = this.#resources.get(name)
      if (amount > 0 && resource !== undefined) yield [resource, amount]
    }
  }
}
