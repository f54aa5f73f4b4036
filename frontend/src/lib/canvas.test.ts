import { expect, it, vi } from 'vitest';
import { stubCanvas } from '@/testing/canvas';
import { drawingContext, written } from './canvas';

it('a canvas to draw on has the size that was asked for', () => {
  stubCanvas();
  expect(drawingContext(7, 5).canvas).toMatchObject({ width: 7, height: 5, parentNode: null });
});

it('a browser that cannot draw says so', () => {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  expect(() => drawingContext(7, 5)).toThrow('cannot draw');
});

it('a canvas is written as a file of the type that was asked for, or it is said that it cannot be', async () => {
  const canvas = document.createElement('canvas');
  const write = vi.spyOn(canvas, 'toBlob');
  write.mockImplementation((done, type = '') => done(new Blob(['picture'], { type })));
  expect(await written(canvas, 'image/jpeg', 0.9)).toMatchObject({ type: 'image/jpeg', size: 7 });
  expect(write).toHaveBeenCalledWith(expect.anything(), 'image/jpeg', 0.9);
  write.mockImplementation((done) => done(null));
  await expect(written(canvas, 'image/png')).rejects.toThrow('could not be written');
});
