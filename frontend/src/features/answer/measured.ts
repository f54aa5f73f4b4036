/** What was measured of the networks on held-out patients, from the evaluation's own report. */
import { ensemble, model_version } from '../../../../docs/evaluation/held-out.json';

// Rows are what the films are, columns what they were called: bacterial, normal, viral.
const NORMAL = 1;

export interface MissRate {
  missed: number;
  of: number;
}

/** Return how many of the films with pneumonia were called normal; null for networks that were not measured. */
export function missRate(version: string): MissRate | null {
  if (version !== model_version) return null;
  const ill = ensemble.confusion.filter((_, actual) => actual !== NORMAL);
  return {
    missed: ill.reduce((sum, called) => sum + (called[NORMAL] ?? 0), 0),
    of: ill.flat().reduce((sum, films) => sum + films, 0),
  };
}
