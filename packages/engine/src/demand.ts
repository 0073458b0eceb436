/** How much is asked for, or there is, of each resource, by name. What is not named is not needed. */
export type Demand = Readonly<Record<string, number>>

/** What there is of some resources, and how much of it is taken. */
export class Stock {
  readonly #free: Map<string, number>

  constructor(capacity: Demand) {
    this.#free = new Map(Object.entries(capacity))
  }

  /** The resources of which there is not enough now. */
  lacking(demand: Demand): string[] {
    const names: string[] = []
    for (const name in demand) {
      // Amounts may be fractions, whose sums are not exact.
      if ((demand[name] ?? 0) > (this.#free.get(name) ?? 0) + 1e-9) names.push(name)
    }
    return names
  }

  take(demand: Demand): void {
    this.#change(demand, -1)
  }

  giveBack(demand: Demand): void {
    this.#change(demand, 1)
  }

  #change(demand: Demand, sign: 1 | -1): void {
    for (const name in demand) {
      const amount = demand[name] ?? 0
      if (amount > 0) this.#free.set(name, (this.#free.get(name) ?? 0) + sign * amount)
    }
  }
}
