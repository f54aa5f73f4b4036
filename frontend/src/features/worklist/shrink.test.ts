import { beforeEach, describe, expect, it, vi } from 'vitest';
import { stubCanvas } from '@/testing/canvas';
import { jpeg } from '@/testing/films';
import { shrink } from './shrink';

const close = vi.fn();

/** Let films be pictures of this size. */
function films(width: number, height: number): void {
  vi.stubGlobal('createImageBitmap', async () => ({ width, height, close }));
}

/** Let canvases be written as this, and return what they were when they were. */
function written(blob: Blob | null) {
  const copies: { width: number; height: number; type: string | undefined }[] = [];
  vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation(function toBlob(
    this: HTMLCanvasElement,
    done,
    type,
  ) {
    copies.push({ width: this.width, height: this.height, type });
    done(blob);
  });
  return copies;
}

beforeEach(() => {
  stubCanvas();
  close.mockClear();
});

describe('a smaller copy', () => {
  it.each([
    [4096, 3000, 2048, 1500],
    [1024, 8192, 256, 2048],
    [2048, 1024, 2048, 1024],
    [640, 480, 640, 480],
  ])('of %i by %i pixels has %i by %i', async (width, height, smallerWidth, smallerHeight) => {
    films(width, height);
    const copies = written(new Blob(['smaller']));
    await shrink(jpeg());
    expect(copies).toEqual([{ width: smallerWidth, height: smallerHeight, type: 'image/jpeg' }]);
  });

  it('is a JPEG under the film’s own name, and lets go of the film', async () => {
    films(4000, 4000);
    written(new Blob(['smaller']));
    const copy = await shrink(jpeg('chest.png'));
    expect(copy).toMatchObject({ name: 'chest.png', type: 'image/jpeg', size: 7 });
    expect(close).toHaveBeenCalledOnce();
  });

  it('that cannot be written is none', async () => {
    films(4000, 4000);
    written(null);
    await expect(shrink(jpeg())).rejects.toThrow('could not be written');
  });

  it('of a film that cannot be read is none', async () => {
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('It cannot be decoded.')));
    await expect(shrink(jpeg())).rejects.toThrow('cannot be decoded');
  });
});
