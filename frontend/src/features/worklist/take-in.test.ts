import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jpeg } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { MOST_BYTES } from './file-checks';
import { predictFilm } from './predict-film';
import { useWorklist } from './store';
import { replace, takeIn } from './take-in';

vi.mock('./predict-film');

beforeEach(() => {
  vi.mocked(predictFilm)
    .mockReset()
    .mockReturnValue(new Promise(() => {}));
});
afterEach(resetStores);

const steps = () => useWorklist.getState().films.map(({ step }) => step);
const file = (bytes: number[] | string, name: string, type: string) =>
  new File([typeof bytes === 'string' ? bytes : Uint8Array.from(bytes)], name, { type });

describe('a film', () => {
  it.each([
    ['a JPEG', file([0xff, 0xd8, 0xff, 0xe0, 0], 'film.jpg', 'image/jpeg')],
    ['a PNG', file([0x89, 0x50, 0x4e, 0x47, 0x0d], 'film.png', 'image/png')],
    ['a JPEG by another name', file([0xff, 0xd8, 0xff, 0xdb, 0], 'IM000001', '')],
    ['as large as may be', jpeg('large.jpg', MOST_BYTES)],
  ])('that is %s is sent', async (_, given) => {
    await takeIn([given]);
    expect(vi.mocked(predictFilm).mock.calls.map(([sent]) => sent)).toEqual([given]);
    expect(steps()).toEqual([{ name: 'uploading', share: 0 }]);
  });

  it.each([
    ['a text named as a JPEG', file('A text about a film.', 'film.jpg', 'image/jpeg'), 'wrong_type'],
    ['a PDF named as a PNG', file('%PDF-1.7', 'film.png', 'image/png'), 'wrong_type'],
    ['a GIF', file('GIF89a', 'film.gif', 'image/gif'), 'wrong_type'],
    ['cut off within its first bytes', file([0xff, 0xd8], 'film.jpg', 'image/jpeg'), 'wrong_type'],
    ['one byte too large', jpeg('huge.jpg', MOST_BYTES + 1), 'too_large'],
    ['empty', file([], 'film.png', 'image/png'), 'empty'],
  ] as const)('that is %s is refused and not sent', async (_, given, reason) => {
    await takeIn([given]);
    expect(steps()).toEqual([{ name: 'refused', reason }]);
    expect(predictFilm).not.toHaveBeenCalled();
  });

  it('that is larger than 10 MiB is too large', () => {
    expect(MOST_BYTES).toBe(10 * 1024 * 1024);
  });

  it('that cannot be read, as a pasted folder, does not keep the others from being taken in', async () => {
    const folder = file('folder', 'folder', '');
    vi.spyOn(folder, 'slice').mockReturnValue({
      arrayBuffer: () => Promise.reject(new DOMException('It is gone.', 'NotFoundError')),
    } as unknown as Blob);
    await takeIn([folder, jpeg('film.jpg')]);
    expect(steps()).toEqual([
      { name: 'refused', reason: 'unreadable' },
      { name: 'uploading', share: 0 },
    ]);
  });
});

it('films stand on the list as they were given, each with an id and a picture of its own', async () => {
  await takeIn([file('no film', 'a.txt', ''), jpeg('b.jpg'), jpeg('c.jpg')]);
  await takeIn([jpeg('b.jpg')]);
  const { films } = useWorklist.getState();
  expect(films.map(({ name }) => name)).toEqual(['a.txt', 'b.jpg', 'c.jpg', 'b.jpg']);
  expect(new Set(films.map(({ id }) => id)).size).toBe(4);
  expect(new Set(films.map(({ url }) => url)).size).toBe(4);
});

describe('a smaller copy', () => {
  it('takes the place of the film that was too large, and is sent', async () => {
    await takeIn([jpeg('huge.jpg', MOST_BYTES + 1)]);
    const [film] = useWorklist.getState().films;
    if (!film) throw new Error('The film was not taken in.');
    const copy = jpeg('huge.jpg', 99);
    await replace(film, copy);
    expect(useWorklist.getState().films).toEqual([
      { ...film, file: copy, shrunk: true, step: { name: 'uploading', share: 0 } },
    ]);
  });

  it('comes too late for a film that was removed or sent meanwhile', async () => {
    await takeIn([jpeg('huge.jpg', MOST_BYTES + 1)]);
    const [film] = useWorklist.getState().films;
    if (!film) throw new Error('The film was not taken in.');
    useWorklist.getState().change(film.id, { step: { name: 'cancelled' } });
    await replace(film, jpeg('huge.jpg', 99));
    useWorklist.getState().remove(film.id);
    await replace(film, jpeg('huge.jpg', 99));
    expect(useWorklist.getState().films).toEqual([]);
    expect(predictFilm).not.toHaveBeenCalled();
  });
});
