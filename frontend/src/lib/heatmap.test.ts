import { describe, expect, it, vi } from 'vitest';
import { stubCanvas } from '@/testing/canvas';
import { stubPictures } from '@/testing/pictures';
import { drawingContext } from './canvas';
import { cell, type Heatmap, readHeatmap, sample } from './heatmap';

const MAP: Heatmap = { columns: 3, rows: 2, values: Float32Array.of(0, 0.25, 1, 0.5, 0.75, 0.125) };

describe('a point of the map', () => {
  it('has its cell’s own value in the cell’s middle', () => {
    for (let row = 0; row < MAP.rows; row++) {
      for (let column = 0; column < MAP.columns; column++) {
        expect(sample(MAP, (column + 0.5) / MAP.columns, (row + 0.5) / MAP.rows)).toBeCloseTo(
          MAP.values[row * MAP.columns + column] ?? Number.NaN,
          6,
        );
      }
    }
  });

  it('lies on the line between two middles', () => {
    expect(sample(MAP, 2 / 6, 1 / 4)).toBeCloseTo(0.125); // halfway from 0 to 0.25
    expect(sample(MAP, 2.5 / 6, 1 / 4)).toBeCloseTo(0.1875); // three quarters of that way
    expect(sample(MAP, 1 / 6, 3 / 8)).toBeCloseTo(0.125); // a quarter of the way down from 0 to 0.5
    expect(sample(MAP, 2 / 6, 1 / 2)).toBeCloseTo((0 + 0.25 + 0.5 + 0.75) / 4); // where four cells meet
  });

  it('has the rim’s value beyond the outermost middles', () => {
    expect(sample(MAP, 0, 0)).toBe(0);
    expect(sample(MAP, 1, 0)).toBe(1);
    expect(sample(MAP, 0, 1)).toBe(0.5);
    expect(sample(MAP, 1, 1)).toBe(0.125);
  });
});

describe('a cell', () => {
  it('is found row by row', () => {
    expect(cell(MAP, 2, 0)).toBe(1);
    expect(cell(MAP, 0, 1)).toBe(0.5);
  });

  it('outside the grid is the nearest one on its rim', () => {
    expect(cell(MAP, -1, -5)).toBe(0);
    expect(cell(MAP, 9, 0)).toBe(1);
    expect(cell(MAP, 1, 9)).toBe(0.75);
  });
});

describe('reading the picture of a map', () => {
  it('gives one value a pixel, from 0 for black to 1 for white', async () => {
    stubPictures({ width: 2, height: 2 });
    stubCanvas();
    const greys = [0, 51, 102, 255];
    const pixels = Uint8ClampedArray.from(greys.flatMap((grey) => [grey, grey, grey, 255]));
    const context = drawingContext(1, 1);
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({
      ...context,
      getImageData: () => ({ data: pixels }) as unknown as ImageData,
    } as never);
    const map = await readHeatmap('data:image/png;base64,AAAA');
    expect(map).toMatchObject({ columns: 2, rows: 2 });
    expect([...map.values]).toEqual([0, 0.2, 0.4, 1].map(Math.fround));
  });

  it('rejects what is no picture', async () => {
    stubPictures('unreadable');
    await expect(readHeatmap('data:image/png;base64,AAAA')).rejects.toThrow('cannot be decoded');
  });

  it('rejects where the browser cannot draw', async () => {
    stubPictures({ width: 7, height: 7 });
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
    await expect(readHeatmap('data:image/png;base64,AAAA')).rejects.toThrow('cannot draw');
  });
});
