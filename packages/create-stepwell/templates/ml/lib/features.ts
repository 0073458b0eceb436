import type { Row } from '@stepwell/steps'

/** Months that a contract binds for. */
const CONTRACT: Readonly<Record<string, number>> = { month: 1, year: 12, 'two years': 24 }

export interface FeatureParams {
  /** The day on which the table was made, as in ISO 8601. */
  readonly today: string
  /** What stands in for a missing monthly price. */
  readonly monthly: number
}

/** The columns that the model learns from. A client of the server sends these. */
export const FEATURES = ['tenure', 'contract', 'invoice', 'monthly', 'calls'] as const

/** A customer as numbers, with what is to be predicted. */
export function featuresOf(customer: Row, { today, monthly }: FeatureParams): Row {
  const days = (Date.parse(today) - Date.parse(String(customer['since']))) / 86_400_000
  return {
    customer: customer['customer'] ?? null,
    tenure: Math.round(days / 30),
    contract: CONTRACT[String(customer['contract'])] ?? 1,
    invoice: customer['payment'] === 'invoice' ? 1 : 0,
    monthly: customer['monthly'] ?? monthly,
    calls: customer['calls'] ?? 0,
    churned: customer['churned'] ?? null,
  }
}
