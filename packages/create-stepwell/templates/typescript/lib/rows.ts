export interface House {
  readonly area: number
  readonly price: number
}

export interface Row {
  readonly area: number | null
  readonly price: number | null
}

/** Reads CSV with a header line; an empty cell is a gap. */
export function parse(csv: string): Row[] {
  const [, ...lines] = csv.trim().split('\n')
  return lines.map((line) => {
    const [area = '', price = ''] = line.split(',').map((cell) => cell.trim())
    return { area: numberIn(area), price: numberIn(price) }
  })
}

/** The rows without gaps. */
export function complete(rows: readonly Row[]): House[] {
  return rows.flatMap(({ area, price }) =>
    area === null || price === null ? [] : [{ area, price }],
  )
}

function numberIn(cell: string): number | null {
  return cell === '' ? null : Number(cell)
}
