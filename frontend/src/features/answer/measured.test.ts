import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missRate } from './measured';

// The page is built without it until networks are committed.
const REPORT = '../docs/evaluation/held-out.json';
const measured = existsSync(REPORT);

describe('how many pneumonias were called normal', () => {
  it('is not known of networks that were not measured', () => {
    expect(missRate('no such version')).toBeNull();
  });

  it.runIf(!measured)('is not known before anything was measured', () => {
    expect(missRate('1.0.0')).toBeNull();
  });

  it.runIf(measured)('is counted from the films that were bacterial or viral', () => {
    const { ensemble, model_version } = JSON.parse(readFileSync(REPORT, 'utf8'));
    const [bacterial, , viral] = ensemble.confusion as [number, number, number][];
    const films = [...(bacterial ?? []), ...(viral ?? [])].reduce((sum, count) => sum + count, 0);
    expect(films).toBeGreaterThan(0);
    expect(missRate(model_version)).toEqual({
      missed: (bacterial?.[1] ?? Number.NaN) + (viral?.[1] ?? Number.NaN),
      of: films,
    });
  });
});
