import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { readParams } from '../params.ts'
import { readTable, writeTable } from './parquet.ts'
import { relationOf, requireSome, rowsQuery } from './relation.ts'
import { withSession } from './session.ts'
import { transformed, type Transform } from './transform.ts'

export interface ApplyTransformInputs {
  readonly table: FileInput
  readonly transform: Transform
}

export interface Transformed {
  readonly rows: number
  readonly dropped: number
}

/**
 * Does to a table what `fitTransform` learned. The rows keep their order.
 *
 * @throws StepwellError STEPWELL_CATEGORY_UNKNOWN; STEPWELL_TRANSFORM_INVALID; STEPWELL_ROWS_NONE;
 *   STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_NOT_NUMBER; STEPWELL_TABLE_COLUMN; STEPWELL_TABLE_INVALID.
 */
export async function applyTransform(
  { table, transform }: ApplyTransformInputs,
  context: StepContext<object, 'table'>,
): Promise<Transformed> {
  readParams('applyTransform', context.params, [])
  const { kind, operations }: Partial<Transform> = transform
  if (kind !== 'transform' || !Array.isArray(operations)) {
    throw new StepwellError({
      code: 'STEPWELL_TRANSFORM_INVALID',
      summary: 'the input `transform` is not a transform',
      hint: 'pass the whole output of fitTransform',
    })
  }
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    let relation = relationOf(source)
    for (const each of transform.operations) relation = await transformed(session, relation, each)
    const { rows } = await writeTable(session, rowsQuery(relation), context.outs.table, {
      keepCuts: true,
    })
    requireSome(rows, source.rows, 'applyTransform')
    context.log(`${rows} rows, ${source.rows - rows} dropped`)
    return { rows, dropped: source.rows - rows }
  })
}
