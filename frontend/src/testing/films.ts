import type { Film } from '@/features/worklist/film';
import type { Answer } from '@/lib/contract';
import { answerOf } from './answers';

const JPEG = [0xff, 0xd8, 0xff, 0xe0];

/** Return a file that begins as a JPEG does, of so many bytes. */
export function jpeg(name = 'film.jpg', size = 16): File {
  const bytes = new Uint8Array(size);
  bytes.set(JPEG);
  return new File([bytes], name, { type: 'image/jpeg' });
}

let made = 0;

/** Return a film of the work-list that waits, with some fields replaced. */
export function filmOf(change: Partial<Film> = {}): Film {
  const id = `made-${++made}`;
  return {
    id,
    name: `${id}.jpg`,
    file: jpeg(),
    url: `blob:${id}`,
    shrunk: false,
    sixteenBit: false,
    corrections: [],
    asked: {},
    step: { name: 'waiting' },
    timesPutOff: 0,
    ...change,
  };
}

/** Return a film that was read. */
export function readFilm(name: string, change: Partial<Answer> = {}): Film {
  return filmOf({ id: name, name, step: { name: 'done', answer: answerOf(change) } });
}
