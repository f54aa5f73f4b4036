import type { RiskCode } from '@/lib/contract';
import type { Film } from './film';

// An indeterminate film may be of any class, so it stands above a medium risk.
const URGENCY: Record<RiskCode, number> = { high: 0, indeterminate: 1, medium: 2, none: 3 };
const UNREAD = 4;

/** Return the films with the most urgent first; among equals the least probably normal, then the first come. */
export function byRisk(films: readonly Film[]): Film[] {
  return [...films].sort((one, other) => urgency(one) - urgency(other) || normal(one) - normal(other));
}

function urgency({ step }: Film): number {
  return step.name === 'done' ? URGENCY[step.answer.risk_code] : UNREAD;
}

function normal({ step }: Film): number {
  return step.name === 'done' ? step.answer.probabilities.NORMAL : 0;
}
