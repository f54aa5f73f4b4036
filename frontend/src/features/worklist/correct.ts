/** Corrects a film's picture at the reader's wish, has it read anew, and undoes that. */
import { drawingContext, written } from '@/lib/canvas';
import type { Correction } from '@/lib/contract';
import { useCredential } from '@/lib/credential';
import { MOST_BYTES } from './file-checks';
import type { Film } from './film';
import { abandon, pump } from './runner';
import { useWorklist } from './store';

const QUALITY = 0.95;
// A canvas is written as a PNG in transparent colour, of which the service reads at most 12.5 megapixels.
const MOST_PIXELS_AS_PNG = 12_000_000;
const TURNS: Record<Correction, number> = { invert: 0, rotate_90: 1, rotate_180: 2, rotate_270: 3 };

/** Put the corrected picture in a film's place and have it read, unless something else became of film or reader meanwhile; say whether. */
export async function correct(film: Film, correction: Correction): Promise<boolean> {
  const { id, step, file, url, shrunk, asked, sixteenBit, corrections } = film;
  const { bearer } = useCredential.getState();
  const picture = await corrected(file, correction);
  const { films, change } = useWorklist.getState();
  if (films.find((other) => other.id === id)?.step !== step) return false;
  if (useCredential.getState().bearer !== bearer) return false; // or whoever signs in next would send it
  change(id, {
    url: URL.createObjectURL(picture),
    // A canvas has eight bits: of a film of sixteen it is only shown, and the service corrects the film itself.
    ...(sixteenBit ? { asked: { ...asked, correction } } : { file: picture }),
    corrections: [...corrections, { correction, before: { file, url, shrunk, asked, step } }],
    step: { name: 'waiting' },
    timesPutOff: 0,
  });
  pump();
  return true;
}

/** Say whether a film can be corrected: the service corrects a film of sixteen bits once. */
export const canCorrect = ({ sixteenBit, corrections }: Film) => !sixteenBit || corrections.length === 0;

/** Make a film what it was before its last correction, with its answer. */
export function undo({ id, url, corrections }: Film): void {
  const last = corrections.at(-1);
  if (!last) return;
  abandon(id);
  useWorklist.getState().change(id, { ...last.before, corrections: corrections.slice(0, -1) });
  URL.revokeObjectURL(url);
  pump();
}

/** Return a copy that is inverted, or turned counter-clockwise; reject if the browser cannot make it. */
export async function corrected(file: File, correction: Correction): Promise<File> {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const turns = TURNS[correction];
  const context = turns % 2 === 1 ? drawingContext(height, width) : drawingContext(width, height);
  const { canvas } = context;
  context.fillRect(0, 0, canvas.width, canvas.height); // what is transparent is black, as the service reads it
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((-turns * Math.PI) / 2);
  context.drawImage(picture, -width / 2, -height / 2);
  picture.close();
  if (correction === 'invert') {
    context.globalCompositeOperation = 'difference';
    context.fillStyle = '#fff';
    context.fillRect(-width / 2, -height / 2, width, height);
  }
  const exact = width * height > MOST_PIXELS_AS_PNG ? null : await written(canvas, 'image/png');
  const blob = exact && exact.size <= MOST_BYTES ? exact : await written(canvas, 'image/jpeg', QUALITY);
  return new File([blob], file.name, { type: blob.type });
}
