import type { Answer, RiskCode } from '@/lib/contract';
import type { Film } from './film';

// An indeterminate film, and one without an answer, may be of any class; so may an odd one that was called normal.
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
  if (step.name === 'done') return urgencyOf(step.answer);
  return step.name === 'failed' || step.name === 'refused' ? FAILED : UNREAD;
}

function urgencyOf({ risk_code: code, warnings = [] }: Answer): number {
  return URGENCY[code === 'none' && warnings.length > 0 ? 'indeterminate' : code];
}

function normal({ step }: Film): number {
  return step.name === 'done' ? step.answer.probabilities.NORMAL : 0;
}
