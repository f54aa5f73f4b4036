import { request } from '@/lib/api-client';
import { type Answer, answerSchema } from '@/lib/contract';

interface Options {
  signal: AbortSignal;
  onUploaded: (share: number) => void;
}

/** Ask the service about a film; the map comes alone, since the viewer blends it itself. */
export function predictFilm(file: File, { signal, onUploaded }: Options): Promise<Answer> {
  const form = new FormData();
  form.append('cam', 'map');
  form.append('file', file, 'film'); // a file's own name may be a patient's
  return request(answerSchema, {
    method: 'POST',
    url: '/predict',
    data: form,
    signal,
    onUploadProgress: ({ progress }) => onUploaded(progress ?? 0),
  });
}
