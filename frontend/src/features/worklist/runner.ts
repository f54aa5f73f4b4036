/** Sends what waits, at most two films at once, and pauses for as long as the service asks. */
import { isCancelled } from '@/lib/api-client';
import { ApiError } from '@/lib/api-error';
import { type Film, isUnderWay } from './film';
import { predictFilm } from './predict-film';
import { setStep, useWorklist } from './store';

export const AT_ONCE = 2;
export const MOST_PUT_OFF = 3;
const ASKED_TO_WAIT = new Set(['overloaded', 'rate_limited', 'models_unavailable']);

const cancels = new Map<string, AbortController>();

/** Start as many films as there is room for; call it whenever the list changes. */
export function pump(): void {
  const { films, pausedUntil } = useWorklist.getState();
  const pause = pausedUntil - Date.now();
  if (pause > 0) {
    if (films.some(({ step }) => step.name === 'waiting')) setTimeout(pump, pause);
    return;
  }
  const room = AT_ONCE - films.filter(isUnderWay).length;
  for (const film of films.filter(({ step }) => step.name === 'waiting').slice(0, Math.max(0, room)))
    void send(film);
}

export function cancel(id: string): void {
  setStep(id, { name: 'cancelled' });
  cancels.get(id)?.abort();
}

export function retry(id: string): void {
  useWorklist.getState().change(id, { step: { name: 'waiting' }, putOff: 0 });
  pump();
}

export function remove(id: string): void {
  useWorklist.getState().remove(id);
  cancels.get(id)?.abort();
}

export function clear(): void {
  useWorklist.getState().clear();
  for (const cancelled of cancels.values()) cancelled.abort();
}

async function send(film: Film): Promise<void> {
  const controller = new AbortController();
  cancels.set(film.id, controller);
  setStep(film.id, { name: 'uploading', share: 0 });
  try {
    const onUploaded = (share: number) => {
      if (controller.signal.aborted) return;
      setStep(film.id, share < 1 ? { name: 'uploading', share } : { name: 'analysing' });
    };
    setStep(film.id, {
      name: 'done',
      answer: await predictFilm(film.file, { signal: controller.signal, onUploaded }),
    });
  } catch (error) {
    if (!isCancelled(error)) giveUp(film, error);
  } finally {
    if (cancels.get(film.id) === controller) cancels.delete(film.id);
    pump();
  }
}

function giveUp(film: Film, error: unknown): void {
  const reason = error instanceof ApiError ? error : new ApiError('unexpected_answer');
  const { change, pause } = useWorklist.getState();
  if (reason.retryAfterSeconds !== null && ASKED_TO_WAIT.has(reason.code)) {
    pause(Date.now() + reason.retryAfterSeconds * 1000);
    if (film.putOff < MOST_PUT_OFF) {
      change(film.id, { step: { name: 'waiting' }, putOff: film.putOff + 1 });
      return;
    }
  }
  setStep(film.id, { name: 'failed', error: reason });
}
