import type { ApiError } from '@/lib/api-error';
import type { Answer, Correction } from '@/lib/contract';

/** Why a file is not sent. */
export type Refusal = 'unreadable' | 'wrong_type' | 'too_large' | 'empty';

/** What the service is asked beside a film: to read it although it looks like none, or otherwise than it is. */
export interface Asked {
  readonly allowUnusual?: boolean;
  readonly correction?: Correction;
}

export type Step =
  | { name: 'refused'; reason: Refusal }
  | { name: 'waiting' }
  | { name: 'uploading'; share: number }
  | { name: 'analysing' }
  | { name: 'done'; answer: Answer }
  | { name: 'failed'; error: ApiError }
  | { name: 'cancelled' };

/** A change that the reader chose, and the film as it was before. */
export interface Corrected {
  readonly correction: Correction;
  readonly before: Pick<Film, 'file' | 'url' | 'shrunk' | 'asked' | 'step'>;
}

/** A film of this tab: in memory only, gone with it. */
export interface Film {
  readonly id: string;
  readonly name: string;
  readonly file: File;
  /** An object URL of the file, for showing it. */
  readonly url: string;
  /** The film is a smaller copy of the file that was given. */
  readonly shrunk: boolean;
  /** Its picture has more grey levels than a browser shows. */
  readonly sixteenBit: boolean;
  /** What was changed on the picture, the last at the end. */
  readonly corrections: readonly Corrected[];
  /** What the service is asked beside the film. */
  readonly asked: Asked;
  readonly step: Step;
  /** How often the service asked to come back later. */
  readonly timesPutOff: number;
}

/** Return the object URLs that a film holds: of its picture, and of those before its corrections. */
export const picturesOf = ({ url, corrections }: Film) => [
  url,
  ...corrections.map(({ before }) => before.url),
];

/** What the page changed on a film before it sent it. */
export interface Changes {
  readonly corrections: readonly Correction[];
  readonly shrunk: boolean;
}

/** Return null where the very file that was given is sent: a film of sixteen bits is corrected by the service. */
export function changesOf({ corrections, shrunk, sixteenBit }: Film): Changes | null {
  if (sixteenBit || (corrections.length === 0 && !shrunk)) return null;
  return { corrections: corrections.map(({ correction }) => correction), shrunk };
}

export const isUnderWay = (film: Film) => film.step.name === 'uploading' || film.step.name === 'analysing';

/** Codes of failures that stay, however often the same film is sent. */
const LASTING = new Set([
  'damaged_image',
  'empty_file',
  'file_gone',
  'image_too_large',
  'not_a_chest_radiograph',
  'unsupported_type',
]);

/** Say whether sending a film again may help. */
export const mayRecover = ({ step }: Film) => step.name === 'failed' && !LASTING.has(step.error.code);
export const isRead = ({ step }: Film) => step.name === 'done';
export const isPending = (film: Film) => isUnderWay(film) || film.step.name === 'waiting';
