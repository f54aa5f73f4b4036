import { describe, expect, it, vi } from 'vitest';
import { answerOf } from '@/testing/answers';
import { jpeg } from '@/testing/films';
import { predictAnswers } from '@/testing/service';
import type { Asked } from './film';
import { predictFilm } from './predict-film';

const PATIENT = 'DOE^JANE-19990101.jpg';

/** Send a film; return the answer, the form, the request that arrived, and the shares that were reported. */
async function send(asked: Asked = {}) {
  let arrived: Request | undefined;
  predictAnswers(async ({ request }) => {
    arrived = request.clone();
    return Response.json(answerOf());
  });
  const append = vi.spyOn(FormData.prototype, 'append').mockClear();
  const shares: number[] = [];
  const answer = await predictFilm(jpeg(PATIENT, 1000), {
    ...asked,
    signal: new AbortController().signal,
    onUploaded: (share) => shares.push(share),
  });
  return { answer, form: append.mock.contexts[0] as FormData, arrived, shares };
}

describe('the request for a film', () => {
  it('asks for the map alone', async () => {
    const { answer, form, arrived } = await send();
    expect(form.get('cam')).toBe('map');
    expect(arrived?.method).toBe('POST');
    expect(new URL(arrived?.url ?? '').pathname).toBe('/api/predict');
    expect(answer).toEqual(answerOf());
  });

  it('holds the whole film, as multipart', async () => {
    const { form, arrived } = await send();
    expect(form.get('file')).toHaveProperty('size', 1000);
    expect(arrived?.headers.get('content-type')).toMatch(/^multipart\/form-data; boundary=/);
    expect([...((await arrived?.formData()) ?? [])].map(([name]) => name)).toEqual(['cam', 'file']);
  });

  it('asks for no more than the reader wants', async () => {
    const { form } = await send({ allowUnusual: true, correction: 'rotate_90' });
    expect([form.get('allow_unusual'), form.get('correction')]).toEqual(['true', 'rotate_90']);
    const plain = (await send()).form;
    expect([plain.get('allow_unusual'), plain.get('correction')]).toEqual([null, null]);
  });

  it('does not tell the file’s own name, which may be a patient’s', async () => {
    const { form, arrived } = await send();
    expect(form.get('file')).toHaveProperty('name', 'film');
    expect(await arrived?.text()).not.toContain('DOE');
  });

  // What lies between is left to the browser tests: no upload has a length of time here.
  it('reports when all was sent', async () => {
    expect((await send()).shares).toEqual([1]);
  });
});
