import { isSixteenBit, refusalOf } from './file-checks';
import type { Film, Step } from './film';
import { pump } from './runner';
import { useWorklist } from './store';

let taken = 0;

/** Put files on the list and start; what the service would refuse is not sent. */
export async function takeIn(files: readonly File[]): Promise<void> {
  const films = await Promise.all(files.map((file) => asFilm(file)));
  useWorklist.getState().add(films);
  pump();
}

/** Put a smaller copy in the place of a film that was refused, unless something else became of it meanwhile. */
export async function replace({ id, step }: Film, file: File): Promise<void> {
  const next = await firstStep(file);
  const { films, change } = useWorklist.getState();
  if (films.find((film) => film.id === id)?.step !== step) return;
  change(id, { file, shrunk: true, step: next, timesPutOff: 0 });
  pump();
}

async function firstStep(file: File): Promise<Step> {
  const reason = await refusalOf(file);
  return reason ? { name: 'refused', reason } : { name: 'waiting' };
}

async function asFilm(file: File): Promise<Film> {
  return {
    id: `film-${++taken}`,
    name: file.name,
    file,
    url: URL.createObjectURL(file),
    shrunk: false,
    sixteenBit: await isSixteenBit(file),
    corrections: [],
    asked: {},
    step: await firstStep(file),
    timesPutOff: 0,
  };
}
