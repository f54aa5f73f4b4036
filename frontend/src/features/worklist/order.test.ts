import { describe, expect, it } from 'vitest';
import { filmOf, readFilm } from '@/testing/films';
import type { Film } from './film';
import { byRisk } from './order';

const names = (films: readonly Film[]) => films.map(({ name }) => name);
const normal = (share: number) => ({ 'BACTERIAL PNEUMONIA': 1 - share, 'VIRAL PNEUMONIA': 0, NORMAL: share });

describe('the order by risk', () => {
  it('is high, indeterminate, medium, what has no answer, none', () => {
    const films = [
      filmOf({ name: 'waiting' }),
      readFilm('none', { risk_code: 'none' }),
      readFilm('medium', { risk_code: 'medium' }),
      filmOf({ name: 'refused', step: { name: 'refused', reason: 'empty' } }),
      readFilm('indeterminate', { risk_code: 'indeterminate' }),
      readFilm('high', { risk_code: 'high' }),
    ];
    expect(names(byRisk(films))).toEqual(['high', 'indeterminate', 'medium', 'refused', 'waiting', 'none']);
  });

  it('does not let a film rest that was called normal although something is odd about it', () => {
    const cropped = { warnings: [{ code: 'cropped', message: '' }] };
    const films = [
      readFilm('none', { risk_code: 'none', warnings: [] }),
      readFilm('medium', { risk_code: 'medium' }),
      readFilm('odd', { risk_code: 'none', ...cropped, probabilities: normal(0.9) }),
      readFilm('indeterminate', { risk_code: 'indeterminate', probabilities: normal(0.4) }),
      readFilm('odd and medium', { risk_code: 'medium', ...cropped }),
    ];
    expect(names(byRisk(films))).toEqual(['indeterminate', 'odd', 'medium', 'odd and medium', 'none']);
  });

  it('goes by the code alone, whatever the level says in words', () => {
    const films = [
      readFilm('medium', { risk_code: 'medium', risk_level: 'High Risk' }),
      readFilm('indeterminate', { risk_code: 'indeterminate', risk_level: 'Low Risk' }),
    ];
    expect(names(byRisk(films))).toEqual(['indeterminate', 'medium']);
  });

  it('puts the least probably normal first among equals', () => {
    const films = [
      readFilm('likely', { probabilities: normal(0.25) }),
      readFilm('unlikely', { probabilities: normal(0.01) }),
      readFilm('between', { probabilities: normal(0.1) }),
    ];
    expect(names(byRisk(films))).toEqual(['unlikely', 'between', 'likely']);
  });

  it('leaves full equals as they came, and the list it was given as it was', () => {
    const films = [filmOf({ name: 'a' }), readFilm('c'), filmOf({ name: 'b' }), readFilm('d')];
    expect(names(byRisk(films))).toEqual(['c', 'd', 'a', 'b']);
    expect(names(films)).toEqual(['a', 'c', 'b', 'd']);
  });
});
