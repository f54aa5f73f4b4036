import { afterEach, describe, expect, it } from 'vitest';
import { resetStores } from '@/testing/stores';
import { transferOf, useViewerSettings, WHOLE_WINDOW, type Window } from './settings';

/** Return what is seen of a grey level, 0 to 1. */
function seen(grey: number, window: Window, inverted = false): number {
  const { slope, intercept } = transferOf(window, inverted);
  return Math.min(Math.max(slope * grey + intercept, 0), 1);
}

const NARROW: Window = { level: 0.6, width: 0.2 };

describe('the window', () => {
  it('shows the film as it is at first', () => {
    for (const grey of [0, 0.25, 0.5, 1]) expect(seen(grey, WHOLE_WINDOW)).toBeCloseTo(grey, 9);
  });

  it('runs from black at its lower end to white at its upper, with its level as the middle grey', () => {
    expect(seen(0.5, NARROW)).toBeCloseTo(0, 9);
    expect(seen(0.6, NARROW)).toBeCloseTo(0.5, 9);
    expect(seen(0.7, NARROW)).toBeCloseTo(1, 9);
  });

  it('shows what is darker as black and what is lighter as white', () => {
    expect(seen(0.2, NARROW)).toBe(0);
    expect(seen(0.9, NARROW)).toBe(1);
  });

  it.each([WHOLE_WINDOW, NARROW, { level: 0.3, width: 2 }])(
    'inverted shows each grey’s opposite: %o',
    (window) => {
      for (const grey of [0, 0.3, 0.55, 0.6, 0.8, 1])
        expect(seen(grey, window, true)).toBeCloseTo(1 - seen(grey, window), 9);
    },
  );
});

describe('the settings', () => {
  afterEach(resetStores);

  it.each(['heat', 'coarse', 'sideBySide', 'inverted'] as const)('%s can be turned round, alone', (what) => {
    const before = useViewerSettings.getState();
    before.toggle(what);
    expect(useViewerSettings.getState()).toEqual({ ...before, [what]: !before[what] });
    before.toggle(what);
    expect(useViewerSettings.getState()).toEqual(before);
  });

  it('bring the map back when the film is to stand beside it', () => {
    useViewerSettings.getState().set({ heat: false });
    useViewerSettings.getState().toggle('sideBySide');
    expect(useViewerSettings.getState()).toMatchObject({ heat: true, sideBySide: true });
    useViewerSettings.getState().set({ heat: false });
    useViewerSettings.getState().toggle('sideBySide');
    expect(useViewerSettings.getState()).toMatchObject({ heat: false, sideBySide: false });
  });
});
