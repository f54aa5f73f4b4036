import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missRate } from './measured';

const REPORT = '../docs/evaluation/held-out.json';

describe('how many pneumonias were called normal', () => {
  it('is not known of networks that were not measured', () => {
    expect(missRate('no such version')).toBeNull();
  });

  it('is counted from the films that were bacterial or viral', () => {
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
