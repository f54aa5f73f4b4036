import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import i18n from '@/app/i18n';
import type { Heatmap } from '@/lib/heatmap';
import { stubCanvas } from '@/testing/canvas';
import { resetStores } from '@/testing/stores';
import { Pane } from './pane';
import { useViewerSettings, type Window } from './settings';
import { Toolbar } from './toolbar';
import { type View, WHOLE } from './view';

const MAP: Heatmap = { columns: 1, rows: 1, values: Float32Array.of(1) };
const FILM = { width: 200, height: 100 };
const IN_THE_MIDDLE = { left: 0, top: 100, width: 400, height: 200 };

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
  stubCanvas();
});
afterEach(resetStores);

function Shown({ map, from }: { map: Heatmap | null; from: View }) {
  const [view, setView] = useState(from);
  return <Pane {...{ film: FILM, map, view, setView }} url="blob:film" label="Film" />;
}

/** Show a film of 200 by 100 pixels in a pane of 400 by 400. */
function show({ map = null, from = WHOLE }: { map?: Heatmap | null; from?: View } = {}): void {
  render(<Shown map={map} from={from} />);
}

const pane = () => screen.getByRole('group', { name: /^Film/ });
const picture = () => screen.getByRole('img', { name: 'Chest radiograph' });
/** Return where something lies in the pane, in pixels. */
function box({ style } = picture()) {
  const pixels = (length: string) => Math.round(Number.parseFloat(length) * 1e6) / 1e6;
  const { left, top, width, height } = style;
  return { left: pixels(left), top: pixels(top), width: pixels(width), height: pixels(height) };
}

async function press(keys: string): Promise<void> {
  pane().focus();
  await userEvent.keyboard(keys);
}

describe('a film in its pane', () => {
  it('is whole, in the middle, and in its own aspect', () => {
    show();
    expect(box()).toEqual(IN_THE_MIDDLE);
  });

  it('tells its keys by its name', () => {
    show();
    expect(pane()).toHaveAccessibleName('Film: arrow keys move it, plus and minus zoom, zero shows it whole');
  });

  it('is seen through the window that was chosen', () => {
    useViewerSettings.getState().set({ window: { level: 0.5, width: 0.5 }, inverted: true });
    show();
    const [, filter = ''] = picture().style.filter.match(/^url\("?#(.+?)"?\)$/) ?? [];
    const channels = document.getElementById(filter)?.querySelectorAll('[type=linear]') ?? [];
    expect([...channels].map((channel) => channel.getAttribute('slope'))).toEqual(['-2', '-2', '-2']);
    expect([...channels].map((channel) => channel.getAttribute('intercept'))).toEqual(['1.5', '1.5', '1.5']);
  });
});

describe('the label of a film', () => {
  it('says nothing more while the film is seen as it is', () => {
    show();
    expect(screen.getByText('Film')).toBeInTheDocument();
  });

  it.each<[string, string, { window?: Window; inverted?: boolean }]>([
    ['en', 'Film · Inverted', { inverted: true }],
    ['en', 'Film · Brightness -40%', { window: { level: 0.7, width: 1 } }],
    ['en', 'Film · Contrast ×6.00 · Inverted', { window: { level: 0.5, width: 1 / 6 }, inverted: true }],
    [
      'es',
      'Film · Brillo 20\u00a0% · Contraste ×0,50 · Invertida',
      { window: { level: 0.4, width: 2 }, inverted: true },
    ],
  ])('says in %s how else it is seen: %s', async (language, said, settings) => {
    await i18n.changeLanguage(language);
    useViewerSettings.getState().set(settings);
    show();
    expect(pane().querySelector('span')?.textContent).toBe(said);
    expect(pane().getAttribute('aria-label')).toContain(`${said}:`);
  });

  it('is the label alone again once the window is moved back to where it was', async () => {
    render(<Toolbar mapped={false} />);
    show();
    for (const name of ['Brightness', 'Contrast']) {
      screen.getByRole('slider', { name }).focus();
      await userEvent.keyboard('{ArrowRight>9/}{ArrowLeft>9/}');
    }
    expect(pane().querySelector('span')?.textContent).toBe('Film');
  });
});

describe('the map over a film', () => {
  it('lies exactly over it, as strong as was chosen', () => {
    useViewerSettings.getState().set({ opacity: 0.35 });
    show({ map: MAP, from: { zoom: 2, x: 0.4, y: 0.6 } });
    const heat = screen.getByTestId('heat');
    expect(box(heat)).toEqual(box());
    expect(heat).toHaveStyle({ opacity: '0.35' });
  });

  it('shows the networks’ own cells when they are asked for', () => {
    useViewerSettings.getState().set({ coarse: true });
    show({ map: MAP });
    const heat = screen.getByTestId<HTMLCanvasElement>('heat');
    expect([heat.width, heat.height]).toEqual([1, 1]);
    expect(heat.style.imageRendering).toBe('pixelated');
  });

  it('is not there without a map', () => {
    show();
    expect(screen.queryByTestId('heat')).not.toBeInTheDocument();
  });
});

describe('the keys of a pane', () => {
  it.each(['+', '='])('%s zooms in about the middle', async (key) => {
    show();
    await press(key);
    expect(box()).toEqual({ left: -50, top: 75, width: 500, height: 250 });
  });

  it('- zooms out again, and no further than whole', async () => {
    show();
    await press('+--');
    expect(box()).toEqual(IN_THE_MIDDLE);
  });

  it.each([
    ['{ArrowRight}', -240, 0],
    ['{ArrowLeft}', -160, 0],
    ['{ArrowDown}', -200, -40],
    ['{ArrowUp}', -200, 40],
  ])('%s looks further that way', async (key, left, top) => {
    show({ from: { zoom: 2, x: 0.5, y: 0.5 } });
    await press(key);
    expect(box()).toEqual({ left, top, width: 800, height: 400 });
  });

  it('0 shows the whole film', async () => {
    show({ from: { zoom: 4, x: 0.3, y: 0.3 } });
    await press('0');
    expect(box()).toEqual(IN_THE_MIDDLE);
  });

  it('are the browser’s own together with a modifier', () => {
    show();
    for (const modifier of ['ctrlKey', 'metaKey', 'altKey'])
      expect(fireEvent.keyDown(pane(), { key: '+', [modifier]: true })).toBe(true);
    expect(box()).toEqual(IN_THE_MIDDLE);
  });

  it('do not scroll the page', () => {
    show();
    expect(fireEvent.keyDown(pane(), { key: 'ArrowDown' })).toBe(false); // its default was prevented
    expect(fireEvent.keyDown(pane(), { key: 'Tab' })).toBe(true);
  });
});

describe('the pointer over a pane', () => {
  const middle = { clientX: 200, clientY: 200 };
  const finger = (pointerId: number, clientX: number, clientY = 200) => ({ pointerId, clientX, clientY });

  it('zooms by its wheel, the point under it staying where it is', () => {
    show();
    fireEvent.wheel(pane(), { deltaY: (-1000 * Math.LN2) / 1.5, clientX: 300, clientY: 200 });
    expect(box().width).toBe(800);
    // 300 pixels from the left were three quarters of the film, and are still.
    expect((300 - box().left) / box().width).toBeCloseTo(0.75, 6);
  });

  it('leaves its wheel to the page where it would make a whole film smaller', () => {
    show();
    expect(fireEvent.wheel(pane(), { deltaY: 100, ...middle })).toBe(true);
    expect(fireEvent.wheel(pane(), { deltaY: 100, ctrlKey: true, ...middle })).toBe(false);
    expect(fireEvent.wheel(pane(), { deltaY: -100, ...middle })).toBe(false);
    expect(box().width).toBeGreaterThan(400);
    expect(fireEvent.wheel(pane(), { deltaY: 900, ...middle })).toBe(false);
    expect(box()).toEqual(IN_THE_MIDDLE);
    expect(fireEvent.wheel(pane(), { deltaY: 100, ...middle })).toBe(true);
  });

  it('takes the film along while it is pressed', () => {
    show({ from: { zoom: 2, x: 0.5, y: 0.5 } });
    fireEvent.pointerMove(pane(), finger(1, 150));
    expect(box().left).toBe(-200);
    fireEvent.pointerDown(pane(), finger(1, 200));
    fireEvent.pointerMove(pane(), finger(1, 230, 190));
    expect(box()).toMatchObject({ left: -170, top: -10 });
    fireEvent.pointerUp(pane(), finger(1, 230, 190));
    fireEvent.pointerMove(pane(), finger(1, 400));
    expect(box()).toMatchObject({ left: -170, top: -10 });
  });

  it('leaves the film alone when another button is pressed', () => {
    show({ from: { zoom: 2, x: 0.5, y: 0.5 } });
    fireEvent.pointerDown(pane(), { ...middle, button: 2 });
    fireEvent.pointerMove(pane(), { clientX: 300, clientY: 200 });
    expect(box().left).toBe(-200);
  });

  it('zooms where there are two that part', () => {
    show();
    fireEvent.pointerDown(pane(), finger(1, 150));
    fireEvent.pointerDown(pane(), finger(2, 250));
    fireEvent.pointerMove(pane(), finger(2, 350));
    expect(box().width).toBe(800);
    fireEvent.pointerMove(pane(), finger(2, 250));
    expect(box().width).toBe(400);
  });
});
