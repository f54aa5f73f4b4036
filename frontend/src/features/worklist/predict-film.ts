import { request } from '@/lib/api-client';
import { type Answer, answerSchema } from '@/lib/contract';
import type { Asked } from './film';

interface Options extends Asked {
  signal: AbortSignal;
  onUploaded: (share: number) => void;
}

/** Ask the service about a film; the map comes alone, since the viewer blends it itself. */
export function predictFilm(file: File, options: Options): Promise<Answer> {
  const { signal, onUploaded, allowUnusual, correction } = options;
  const form = new FormData();
  form.append('cam', 'map');
  if (allowUnusual) form.append('allow_unusual', 'true');
  if (correction) form.append('correction', correction);
  form.append('file', file, 'film'); // a file's own name may be a patient's
  return request(answerSchema, {
    method: 'POST',
    url: '/predict',
    data: form,
    signal,
    onUploadProgress: ({ progress }) => onUploaded(progress ?? 0),
  });
}
