import { beforeEach, describe, expect, it } from 'vitest';
import { pixel, stubCanvas } from '@/testing/canvas';
import { colourOf } from './colour-map';
import type { Heatmap } from './heatmap';
import { paintHeatmap } from './paint-heatmap';

const MAP: Heatmap = { columns: 2, rows: 1, values: Float32Array.of(0, 0.6) };
const HOT = [...colourOf('viridis', 0.6), 153].map(Math.round);

beforeEach(stubCanvas);

describe('the painted map', () => {
  it('is one pixel a cell when it is coarse, in the colour of its value', () => {
    const picture = paintHeatmap(MAP, 'viridis', true);
    expect([picture.width, picture.height]).toEqual([2, 1]);
    expect(pixel(picture, 1, 0)).toEqual(HOT);
  });

  it('leaves the film as it is where the networks saw nothing', () => {
    expect(pixel(paintHeatmap(MAP, 'viridis', true), 0, 0)[3]).toBe(0);
    expect(pixel(paintHeatmap(MAP, 'viridis', false), 0, 0)[3]).toBe(0);
  });

  it('goes evenly from cell to cell when it is smooth', () => {
    const picture = paintHeatmap(MAP, 'viridis', false);
    const opacities = Array.from({ length: picture.width }, (_, x) => pixel(picture, x, 7)[3] ?? Number.NaN);
    expect(opacities).toEqual([...opacities].sort((one, other) => one - other));
    expect(new Set(opacities).size).toBeGreaterThan(50);
    expect(pixel(picture, picture.width - 1, 7)).toEqual(HOT);
  });
});
