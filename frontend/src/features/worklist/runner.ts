/** Sends what waits, at most two films at once, and pauses for as long as the service asks. */
import { ApiError } from '@/lib/api-error';
import { mustSignIn, useCredential } from '@/lib/credential';
import { isReadable } from './file-checks';
import { type Film, isPending, isUnderWay, type Step } from './film';
import { predictFilm } from './predict-film';
import { setStep, useWorklist } from './store';

export const AT_ONCE = 2;
export const MOST_PUT_OFF = 3;
/** The service gives up after 30 s itself; a connection that died meanwhile never says so. */
export const LONGEST_SILENCE_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1; // a longer one ends at once
const ASKED_TO_WAIT = new Set(['overloaded', 'rate_limited', 'models_unavailable', 'unavailable']);

/** What signing in, or as somebody else, may help. */
const WANTS_ACCESS = new Set(['unauthorized', 'forbidden']);
const wantsAccess = ({ step }: Film) => step.name === 'failed' && WANTS_ACCESS.has(step.error.code);

/** The request under way for each film. */
const attempts = new Map<string, AbortController>();

/** Start as many films as there is room for; call it whenever the list changes. */
export function pump(): void {
  if (mustSignIn(useCredential.getState())) return;
  const { films, pausedUntil } = useWorklist.getState();
  const pause = Math.min(pausedUntil - Date.now(), LONGEST_TIMER_MS);
  if (pause > 0) {
    if (films.some(({ step }) => step.name === 'waiting')) setTimeout(pump, pause);
    return;
  }
  const room = AT_ONCE - films.filter(isUnderWay).length;
  const waiting = films.filter(({ step }) => step.name === 'waiting');
  for (const film of waiting.slice(0, Math.max(0, room))) void send(film);
}

export function cancel(id: string): void {
  setStep(id, { name: 'cancelled' });
  abandon(id);
}

export function retry(id: string): void {
  useWorklist.getState().change(id, { step: { name: 'waiting' }, timesPutOff: 0 });
  pump();
}

export function remove(id: string): void {
  useWorklist.getState().remove(id);
  abandon(id);
}

export function clear(): void {
  useWorklist.getState().clear();
  for (const id of attempts.keys()) abandon(id);
}

/** Send what waited for the reader to sign in, and what was refused for want of it. */
export function signedIn(): void {
  const { films } = useWorklist.getState();
  for (const { id } of films.filter(wantsAccess)) setStep(id, { name: 'waiting' });
  pump();
}

/** Cancel what would else be sent for whoever signs in next: what waits, is under way, or was refused for want of access. */
export function signedOut(): void {
  const { films } = useWorklist.getState();
  for (const film of films.filter((film) => isPending(film) || wantsAccess(film))) cancel(film.id);
}

/** Send a film once more although it looks like none. */
export function insist({ id, asked }: Film): void {
  useWorklist.getState().change(id, { asked: { ...asked, allowUnusual: true } });
  retry(id);
}

/** End a film's request; what it may still say is not heard. */
export function abandon(id: string): void {
  const attempt = attempts.get(id);
  attempts.delete(id);
  attempt?.abort();
}

async function send(film: Film): Promise<void> {
  const attempt = new AbortController();
  abandon(film.id);
  attempts.set(film.id, attempt);
  const isCurrent = () => attempts.get(film.id) === attempt;
  const say = (step: Step) => void (isCurrent() && setStep(film.id, step));
  let patience: ReturnType<typeof setTimeout> | undefined;
  let gaveUp = 'unreachable';

  function onUploaded(share: number) {
    say(share < 1 ? { name: 'uploading', share } : { name: 'analysing' });
    gaveUp = share < 1 ? 'unreachable' : 'deadline_exceeded';
    clearTimeout(patience);
    patience = setTimeout(() => attempt.abort(), LONGEST_SILENCE_MS);
  }

  onUploaded(0);
  try {
    say({
      name: 'done',
      answer: await predictFilm(film.file, { ...film.asked, signal: attempt.signal, onUploaded }),
    });
  } catch (thrown) {
    const error = attempt.signal.aborted ? new ApiError(gaveUp) : await explain(film, thrown);
    if (isCurrent()) fail(film, error);
  } finally {
    clearTimeout(patience);
    if (isCurrent()) attempts.delete(film.id);
    pump();
  }
}

/** Say why a request failed; a file that was moved away looks like a lost connection. */
async function explain(film: Film, thrown: unknown): Promise<ApiError> {
  const error = thrown instanceof ApiError ? thrown : new ApiError('unexpected_answer');
  return error.code === 'unreachable' && !(await isReadable(film.file)) ? new ApiError('file_gone') : error;
}

/** Put a film off until its reader has signed in, or as the service asked, up to a point; else let it fail. */
function fail(film: Film, error: ApiError): void {
  const { change, pause } = useWorklist.getState();
  if (error.code === 'unauthorized' && useCredential.getState().required) {
    setStep(film.id, { name: 'waiting' });
    return;
  }
  if (error.retryAfterSeconds !== null && ASKED_TO_WAIT.has(error.code)) {
    pause(Date.now() + error.retryAfterSeconds * 1000);
    if (film.timesPutOff < MOST_PUT_OFF) {
      change(film.id, { step: { name: 'waiting' }, timesPutOff: film.timesPutOff + 1 });
      return;
    }
  }
  setStep(film.id, { name: 'failed', error });
}
