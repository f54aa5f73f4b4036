import type { RiskCode } from '@/lib/contract';
import type { Film } from './film';

// An indeterminate film, and one without an answer, may be of any class.
const URGENCY: Record<RiskCode, number> = { high: 0, indeterminate: 1, medium: 2, none: 5 };
const FAILED = 3;
const UNREAD = 4;

export type Order = 'risk' | 'arrival';

/** Return the films as they stand on the work-list. */
export function inOrder(films: readonly Film[], order: Order): readonly Film[] {
  return order === 'risk' ? byRisk(films) : films;
}

/** Return the films with the most urgent first; among equals the least probably normal, then the first come. */
export function byRisk(films: readonly Film[]): Film[] {
  return [...films].sort((one, other) => urgency(one) - urgency(other) || normal(one) - normal(other));
}

function urgency({ step }: Film): number {
  if (step.name === 'done') return URGENCY[step.answer.risk_code];
  return step.name === 'failed' || step.name === 'refused' ? FAILED : UNREAD;
}

function normal({ step }: Film): number {
  return step.name === 'done' ? step.answer.probabilities.NORMAL : 0;
}
