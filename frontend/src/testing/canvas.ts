import { vi } from 'vitest';

const painted = new WeakMap<HTMLCanvasElement, ImageData>();

/** Let canvases keep the pixels that are put on them, and no more: jsdom cannot draw. */
export function stubCanvas(): void {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(function context(
    this: HTMLCanvasElement,
  ) {
    const blank = (width: number, height: number) =>
      ({ width, height, data: new Uint8ClampedArray(4 * width * height) }) as unknown as ImageData;
    return {
      canvas: this,
      createImageData: blank,
      putImageData: (image: ImageData) => void painted.set(this, image),
      getImageData: (_x: number, _y: number, width: number, height: number) =>
        painted.get(this) ?? blank(width, height),
      drawImage: () => {},
      fillRect: () => {},
      translate: () => {},
      rotate: () => {},
    } as never;
  });
}

/** Return one pixel's red, green, blue and opacity, 0 to 255 each. */
export function pixel(canvas: HTMLCanvasElement, x: number, y: number): number[] {
  const start = 4 * (y * canvas.width + x);
  return [...(painted.get(canvas)?.data.slice(start, start + 4) ?? [])];
}
