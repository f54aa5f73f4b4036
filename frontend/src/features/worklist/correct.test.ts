import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signInWith, signOut } from '@/lib/credential';
import { answerOf } from '@/testing/answers';
import { filmOf, jpeg } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { canCorrect, correct, corrected, undo } from './correct';
import { MOST_BYTES } from './file-checks';
import type { Film } from './film';
import { predictFilm } from './predict-film';
import { remove } from './runner';
import { useWorklist } from './store';

vi.mock('./predict-film');

const close = vi.fn();
/** What was drawn with, in order: the size of the canvas, then each call. */
let drawn: unknown[][];
let written: string[];
let urls: number;
const revoked = vi.fn();

beforeEach(() => {
  [drawn, written, urls] = [[], [], 0];
  revoked.mockClear();
  vi.stubGlobal('createImageBitmap', async () => ({ width: 40, height: 30, close }));
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(function context(
    this: HTMLCanvasElement,
  ) {
    drawn.push(['canvas', this.width, this.height]);
    const note =
      (name: string) =>
      (...given: unknown[]) =>
        void drawn.push([name, ...given.filter((each) => typeof each === 'number')]);
    const names = ['fillRect', 'translate', 'rotate', 'drawImage'];
    return { canvas: this, ...Object.fromEntries(names.map((name) => [name, note(name)])) } as never;
  });
  write(10);
  vi.spyOn(URL, 'createObjectURL').mockImplementation(() => `blob:made-${++urls}`);
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation(revoked);
  vi.mocked(predictFilm)
    .mockReset()
    .mockReturnValue(new Promise(() => {}));
});
afterEach(resetStores);

/** Let pictures be written as so many bytes if they are PNG, as few if they are JPEG. */
function write(bytes: number): void {
  vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((done, type = '') => {
    written.push(type);
    done(new Blob([new Uint8Array(type === 'image/png' ? bytes : 10)], { type }));
  });
}

const ANSWER = answerOf({ request_id: 'first' });
const only = () => useWorklist.getState().films[0] as Film;
const sent = () => vi.mocked(predictFilm).mock.calls;

/** Put a film on the list that was read, and return it. */
function read(change: Partial<Film> = {}): Film {
  useWorklist.getState().add([filmOf({ step: { name: 'done', answer: ANSWER }, ...change })]);
  return only();
}

describe('the corrected picture', () => {
  it.each([
    ['rotate_90', 30, 40, -Math.PI / 2],
    ['rotate_180', 40, 30, -Math.PI],
    ['rotate_270', 30, 40, (-3 * Math.PI) / 2],
  ] as const)(
    '%s is turned counter-clockwise about its middle, whole',
    async (correction, width, height, angle) => {
      await corrected(jpeg(), correction);
      expect(drawn[0]).toEqual(['canvas', width, height]);
      expect(drawn).toContainEqual(['translate', width / 2, height / 2]);
      expect(drawn).toContainEqual(['rotate', angle]);
      expect(drawn.at(-1)).toEqual(['drawImage', -20, -15]);
      expect(close).toHaveBeenCalled();
    },
  );

  it('is written without loss, under the film’s own name', async () => {
    const file = await corrected(jpeg('chest.jpg'), 'invert');
    expect(file).toMatchObject({ name: 'chest.jpg', type: 'image/png', size: 10 });
  });

  it('is written as JPEG where it would be more than the service takes', async () => {
    write(MOST_BYTES + 1);
    expect(await corrected(jpeg(), 'invert')).toMatchObject({ type: 'image/jpeg', size: 10 });
    expect(written).toEqual(['image/png', 'image/jpeg']);
  });

  it('is a JPEG where the service would refuse so many pixels as a PNG in colour', async () => {
    vi.stubGlobal('createImageBitmap', async () => ({ width: 4100, height: 3000, close }));
    expect(await corrected(jpeg(), 'invert')).toMatchObject({ type: 'image/jpeg' });
    expect(written).toEqual(['image/jpeg']);
  });

  it('is none where the browser cannot write it', async () => {
    vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((done) => done(null));
    await expect(corrected(jpeg(), 'invert')).rejects.toThrow('could not be written');
  });
});

describe('correcting a film', () => {
  it('shows the corrected picture and sends that very picture', async () => {
    const film = read();
    expect(await correct(film, 'rotate_90')).toBe(true);
    expect(only()).toMatchObject({ url: 'blob:made-1', step: { name: 'uploading' } });
    expect(only().file).not.toBe(film.file);
    expect(sent().map(([file, { correction }]) => [file, correction])).toEqual([[only().file, undefined]]);
    expect(revoked).not.toHaveBeenCalled();
  });

  it('of sixteen bits has the service correct the film itself, once', async () => {
    const film = read({ sixteenBit: true });
    expect(canCorrect(film)).toBe(true);
    await correct(film, 'invert');
    expect(only().url).toBe('blob:made-1');
    expect(sent().map(([file, { correction }]) => [file, correction])).toEqual([[film.file, 'invert']]);
    expect(canCorrect(only())).toBe(false);
  });

  it('leaves it alone if something else became of it meanwhile', async () => {
    const film = read();
    const correcting = correct(film, 'invert');
    useWorklist.getState().change(film.id, { step: { name: 'cancelled' } });
    expect(await correcting).toBe(false);
    expect(only()).toMatchObject({ url: film.url, step: { name: 'cancelled' } });
    expect(sent()).toEqual([]);
  });

  it('leaves it alone if its reader signed out meanwhile, whoever came next', async () => {
    signInWith('one');
    const film = read();
    const correcting = correct(film, 'invert');
    signOut();
    signInWith('another');
    expect(await correcting).toBe(false);
    expect(only()).toEqual(film);
    expect(sent()).toEqual([]);
  });

  it('leaves it alone if the picture cannot be made', async () => {
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('It cannot be decoded.')));
    const film = read();
    await expect(correct(film, 'invert')).rejects.toThrow();
    expect(only()).toEqual(film);
  });
});

describe('undoing', () => {
  it('brings the film back with its answer, without asking the service', async () => {
    const film = read();
    await correct(film, 'invert');
    undo(only());
    expect(only()).toEqual(film);
    expect(sent()[0]?.[1].signal.aborted).toBe(true);
    expect(revoked.mock.calls).toEqual([['blob:made-1']]);
    expect(sent()).toHaveLength(1);
  });

  it('takes back one correction after the other', async () => {
    const film = read();
    await correct(film, 'invert');
    useWorklist
      .getState()
      .change(film.id, { step: { name: 'done', answer: answerOf({ request_id: 'second' }) } });
    const once = only();
    await correct(once, 'rotate_180');
    expect(only().corrections.map(({ correction }) => correction)).toEqual(['invert', 'rotate_180']);
    undo(only());
    expect(only()).toEqual(once);
    undo(only());
    expect(only()).toEqual(film);
  });
});

it('a corrected film that is removed lets go of all its pictures', async () => {
  const film = read();
  await correct(film, 'invert');
  remove(film.id);
  expect(revoked.mock.calls.flat().sort()).toEqual(['blob:made-1', film.url].sort());
});
