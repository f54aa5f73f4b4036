import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFilm } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { selectNext } from './select-next';
import { useWorklist } from './store';

const selected = () => useWorklist.getState().selectedId;

beforeEach(() => {
  // By risk: high, medium, none.
  useWorklist
    .getState()
    .add([
      readFilm('none', { risk_code: 'none' }),
      readFilm('high', { risk_code: 'high' }),
      readFilm('medium', { risk_code: 'medium' }),
    ]);
});
afterEach(resetStores);

describe('going through the work-list', () => {
  it('follows the order that is shown, down and up', () => {
    useWorklist.getState().select('high');
    selectNext(1);
    expect(selected()).toBe('medium');
    selectNext(1);
    expect(selected()).toBe('none');
    selectNext(-1);
    expect(selected()).toBe('medium');
  });

  it('stays at the ends', () => {
    useWorklist.getState().select('none');
    selectNext(1);
    expect(selected()).toBe('none');
    useWorklist.getState().select('high');
    selectNext(-1);
    expect(selected()).toBe('high');
  });

  it('does nothing on an empty list', () => {
    useWorklist.getState().clear();
    selectNext(1);
    expect(selected()).toBeNull();
  });
});
