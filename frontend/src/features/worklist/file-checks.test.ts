import { describe, expect, it, vi } from 'vitest';
import { jpeg } from '@/testing/films';
import { isReadable, isSixteenBit } from './file-checks';

/** Return a file that begins as a PNG of so many bits a channel does. */
function png(bits: number): File {
  const header = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];
  const size = [0, 0, 4, 0, 0, 0, 4, 0];
  return new File([Uint8Array.from([...header, ...size, bits, 0, 0, 0, 0])], 'film.png');
}

/** Return a file that was moved away after it was chosen. */
function gone(): File {
  const file = jpeg();
  vi.spyOn(file, 'slice').mockReturnValue({
    arrayBuffer: () => Promise.reject(new DOMException('It is gone.', 'NotFoundError')),
  } as unknown as Blob);
  return file;
}

describe('a film of sixteen bits', () => {
  it.each([
    [16, true],
    [8, false],
  ])('is told by its header: a PNG of %i bits', async (bits, sixteen) => {
    expect(await isSixteenBit(png(bits))).toBe(sixteen);
  });

  it('is none that is a JPEG, whatever stands at that place', async () => {
    const bytes = new Uint8Array(32).fill(16);
    bytes.set([0xff, 0xd8, 0xff]);
    expect(await isSixteenBit(new File([bytes], 'film.jpg'))).toBe(false);
  });

  it('is none that cannot be read', async () => {
    expect(await isSixteenBit(gone())).toBe(false);
  });
});

it('a file is readable until it is gone', async () => {
  expect(await isReadable(jpeg())).toBe(true);
  expect(await isReadable(gone())).toBe(false);
});
