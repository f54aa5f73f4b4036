import type { Film, Refusal } from './film';
import { pump } from './runner';
import { useWorklist } from './store';

export const MOST_BYTES = 10 * 2 ** 20;
let taken = 0;
const SIGNATURES = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47],
];

/** Put files on the list and start; what the service would refuse is not sent. */
export async function takeIn(files: readonly File[]): Promise<void> {
  const films = await Promise.all(files.map((file) => asFilm(file)));
  useWorklist.getState().add(films);
  pump();
}

/** Put a smaller copy in a refused film's place. */
export async function replace(id: string, file: File): Promise<void> {
  const { step } = await asFilm(file);
  useWorklist.getState().change(id, { file, shrunk: true, step, putOff: 0 });
  pump();
}

/** Say why a file is not worth sending, from its size and its first bytes; null if it is. */
export async function refusalOf(file: File): Promise<Refusal | null> {
  if (file.size === 0) return 'empty';
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (!SIGNATURES.some((signature) => signature.every((byte, at) => head[at] === byte))) return 'wrong_type';
  return file.size > MOST_BYTES ? 'too_large' : null;
}

async function asFilm(file: File): Promise<Film> {
  const reason = await refusalOf(file);
  return {
    id: `film-${++taken}`,
    name: file.name,
    file,
    url: URL.createObjectURL(file),
    shrunk: false,
    step: reason ? { name: 'refused', reason } : { name: 'waiting' },
    putOff: 0,
  };
}
