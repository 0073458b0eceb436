/**
 * A decision tree as plain data, in preorder: node 0 is the root, and the left child of a split is the
 * node after it.
 */
export interface Tree {
  /** Of a split, the place of its feature; of a leaf, -1. */
  readonly feature: readonly number[]
  /** Rows with at most this go left; 0 for a leaf. */
  readonly threshold: readonly number[]
  /** Of a split, the node to the right; of a leaf, its number among the leaves. */
  readonly right: readonly number[]
  /** What the leaves say, one after the other: as many numbers for each as the tree has outputs. */
  readonly values: readonly number[]
}

/** The place in `values` of the first number that a tree has for a row. */
export function leafOf(
  tree: Tree,
  columns: readonly Float64Array[],
  row: number,
  outputs: number,
): number {
  let node = 0
  for (;;) {
    const feature = tree.feature[node] ?? -1
    const next = tree.right[node] ?? 0
    if (feature === -1) return next * outputs
    const value = columns[feature]?.[row] ?? Number.NaN
    node = value <= (tree.threshold[node] ?? 0) ? node + 1 : next
  }
}

/** What keeps a value from being a tree of so many features and outputs, so that each walk ends in a leaf. */
export function problemOfTree(
  value: unknown,
  features: number,
  outputs: number,
): string | undefined {
  const { feature, threshold, right, values } = (value ?? {}) as Partial<Tree>
  const lists = [feature, threshold, right, values]
  if (!lists.every((list) => Array.isArray(list) && list.every(Number.isFinite))) {
    return 'a tree is not lists of numbers'
  }
  const count = feature?.length ?? 0
  const leaves = (values?.length ?? 0) / outputs
  if (count === 0 || threshold?.length !== count || right?.length !== count) {
    return 'the lists of a tree do not go together'
  }
  for (let node = 0; node < count; node++) {
    const place = feature?.[node] ?? Number.NaN
    const next = right?.[node] ?? Number.NaN
    const whole = Number.isInteger(place) && Number.isInteger(next) && next >= 0
    // A split leads forward only, so no walk can go round.
    const leads = place === -1 ? next < leaves : next > node + 1 && next < count
    if (!whole || place < -1 || place >= features || !leads) return 'a tree has a broken node'
  }
  return undefined
}
