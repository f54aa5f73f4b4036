import { expect, it, vi } from 'vitest';
import { stubCanvas } from '@/testing/canvas';
import { drawingContext } from './canvas';

it('a canvas to draw on has the size that was asked for', () => {
  stubCanvas();
  expect(drawingContext(7, 5).canvas).toMatchObject({ width: 7, height: 5, parentNode: null });
});

it('a browser that cannot draw says so', () => {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  expect(() => drawingContext(7, 5)).toThrow('cannot draw');
});
