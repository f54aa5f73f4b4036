import { describe, expect, it } from 'vitest';
import { MOST_ZOOM, panBy, place, type Size, type View, WHOLE, zoomBy } from './view';

const FILMS: Size[] = [
  { width: 1600, height: 1150 },
  { width: 700, height: 2100 },
  { width: 512, height: 512 },
];
const PANES: Size[] = [
  { width: 800, height: 600 },
  { width: 320, height: 640 },
];
const VIEWS: View[] = [
  WHOLE,
  { zoom: 2, x: 0.4, y: 0.55 },
  { zoom: 7.5, x: 0.5, y: 0.5 },
  { zoom: MOST_ZOOM, x: 0.3, y: 0.7 },
];
const CASES = FILMS.flatMap((film) => PANES.flatMap((pane) => VIEWS.map((view) => ({ film, pane, view }))));

/** Return the point of the film (shares of its width and height) so many pixels from the pane's middle. */
function under(anchor: { x: number; y: number }, film: Size, pane: Size, view: View) {
  const box = place(film, pane, view);
  return {
    x: (pane.width / 2 + anchor.x - box.left) / box.width,
    y: (pane.height / 2 + anchor.y - box.top) / box.height,
  };
}

describe('the film in its pane', () => {
  it('keeps its aspect, wherever the reader looks', () => {
    for (const { film, pane, view } of CASES) {
      const box = place(film, pane, view);
      expect(box.width / box.height).toBeCloseTo(film.width / film.height, 9);
    }
  });

  it('has the point that is looked at in the middle', () => {
    for (const { film, pane, view } of CASES) {
      const middle = under({ x: 0, y: 0 }, film, pane, view);
      expect(middle.x).toBeCloseTo(view.x, 9);
      expect(middle.y).toBeCloseTo(view.y, 9);
    }
  });

  it('is whole and as large as fits at first', () => {
    for (const { film, pane } of CASES) {
      const { left, top, width, height } = place(film, pane, WHOLE);
      expect(left).toBeGreaterThanOrEqual(-1e-9);
      expect(top).toBeGreaterThanOrEqual(-1e-9);
      expect(left + width).toBeLessThanOrEqual(pane.width + 1e-9);
      expect(top + height).toBeLessThanOrEqual(pane.height + 1e-9);
      expect(Math.min(left, top)).toBeCloseTo(0, 9);
    }
  });

  it('is as many times larger as the zoom says', () => {
    const film = { width: 200, height: 100 };
    const pane = { width: 400, height: 400 };
    expect(place(film, pane, WHOLE)).toEqual({ width: 400, height: 200, left: 0, top: 100 });
    expect(place(film, pane, { zoom: 3, x: 0.5, y: 0.5 })).toEqual({
      width: 1200,
      height: 600,
      left: -400,
      top: -100,
    });
  });
});

describe('zooming', () => {
  it('in keeps the point of the film under the pointer still', () => {
    const anchors = [
      { x: 0, y: 0 },
      { x: 120, y: -45 },
      { x: -80, y: 60 },
    ];
    let kept = 0;
    for (const { film, pane, view } of CASES.filter(({ view: { zoom } }) => zoom < MOST_ZOOM)) {
      for (const anchor of anchors) {
        const before = under(anchor, film, pane, view);
        const after = under(anchor, film, pane, zoomBy(view, 1.7, place(film, pane, view), anchor));
        // A point beside the film cannot stay: the film would leave the pane.
        for (const axis of ['x', 'y'] as const) {
          if (before[axis] < 0 || before[axis] > 1) continue;
          expect(after[axis]).toBeCloseTo(before[axis], 9);
          kept++;
        }
      }
    }
    expect(kept).toBeGreaterThan(100);
  });

  it('in and out by the same factor ends where it began', () => {
    const view = { zoom: 4, x: 0.45, y: 0.6 };
    const anchor = { x: 50, y: -30 };
    const film = { width: 400, height: 300 };
    const pane = { width: 400, height: 300 };
    const larger = zoomBy(view, 2, place(film, pane, view), anchor);
    const back = zoomBy(larger, 0.5, place(film, pane, larger), anchor);
    expect(back.zoom).toBeCloseTo(4, 9);
    expect(back.x).toBeCloseTo(0.45, 9);
    expect(back.y).toBeCloseTo(0.6, 9);
  });

  it('out never makes the film smaller than whole, and then it lies in the middle', () => {
    const view = { zoom: 2, x: 0.3, y: 0.7 };
    expect(zoomBy(view, 0.01, { width: 800, height: 600 })).toEqual(WHOLE);
    expect(zoomBy(WHOLE, 0.8, { width: 800, height: 600 }, { x: 100, y: 100 })).toEqual(WHOLE);
  });

  it('in has an end', () => {
    expect(zoomBy(WHOLE, 1000, { width: 800, height: 600 })).toMatchObject({ zoom: MOST_ZOOM });
  });
});

describe('moving', () => {
  it('takes the film along by so many pixels', () => {
    const film = { width: 400, height: 300 };
    const pane = { width: 400, height: 300 };
    const view = { zoom: 4, x: 0.5, y: 0.5 };
    const before = place(film, pane, view);
    const after = place(film, pane, panBy(view, 30, -20, before));
    expect(after.left - before.left).toBeCloseTo(30, 9);
    expect(after.top - before.top).toBeCloseTo(-20, 9);
  });

  it('stops at the film’s rim', () => {
    const film = { width: 400, height: 300 };
    const view = { zoom: 2, x: 0.5, y: 0.5 };
    const farRight = place(film, film, panBy(view, -9999, -9999, place(film, film, view)));
    expect(farRight.left + farRight.width).toBeCloseTo(film.width, 9);
    expect(farRight.top + farRight.height).toBeCloseTo(film.height, 9);
    const farLeft = place(film, film, panBy(view, 9999, 9999, place(film, film, view)));
    expect(farLeft.left).toBeCloseTo(0, 9);
    expect(farLeft.top).toBeCloseTo(0, 9);
  });

  it('does nothing to a film that is whole', () => {
    expect(panBy(WHOLE, 50, 50, { width: 800, height: 600 })).toEqual(WHOLE);
  });
});
