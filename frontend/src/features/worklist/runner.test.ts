import { CanceledError } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@/lib/api-error';
import { refuse, signInWith, signOut, useCredential } from '@/lib/credential';
import { answerOf } from '@/testing/answers';
import { filmOf } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { predictFilm } from './predict-film';
import {
  AT_ONCE,
  cancel,
  clear,
  LONGEST_SILENCE_MS,
  MOST_PUT_OFF,
  pump,
  remove,
  retry,
  signedIn,
  signedOut,
} from './runner';
import { useWorklist } from './store';

vi.mock('./predict-film');

interface Sent {
  id: string;
  signal: AbortSignal;
  onUploaded: (share: number) => void;
  answer: () => Promise<void>;
  fail: (error: unknown) => Promise<void>;
}

/** Every request so far; each waits until the test ends it. */
let sent: Sent[];

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  vi.mocked(predictFilm)
    .mockReset()
    .mockImplementation((file, { signal, onUploaded }) => {
      const { promise, resolve, reject } = withResolvers<ReturnType<typeof answerOf>>();
      signal.addEventListener('abort', () => reject(new CanceledError()));
      sent.push({
        id: idOf(file),
        signal,
        onUploaded,
        answer: () => settle(() => resolve(answerOf())),
        fail: (error) => settle(() => reject(error)),
      });
      return promise;
    });
});
afterEach(resetStores);

const ids = () => sent.map(({ id }) => id);
const steps = () => useWorklist.getState().films.map(({ step }) => step.name);
const overloaded = (seconds: number | null) => new ApiError('overloaded', '', null, seconds);

/** Put so many films on the list, named 1, 2, 3…, and start. */
function start(count: number): void {
  const films = Array.from({ length: count }, (_, index) => filmOf({ id: String(index + 1) }));
  useWorklist.getState().add(films);
  pump();
}

function nth(index: number): Sent {
  const found = sent[index];
  if (!found) throw new Error(`Only ${sent.length} requests were sent.`);
  return found;
}

describe('five films', () => {
  it('are never more than two at a time under way, and each is sent once', async () => {
    start(5);
    expect(AT_ONCE).toBe(2);
    for (let index = 0; index < 5; index++) {
      expect(ids()).toEqual(['1', '2', '3', '4', '5'].slice(0, index + 2));
      pump(); // a further call starts nothing more
      await nth(index).answer();
    }
    expect(steps()).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(ids()).toHaveLength(5);
  });

  it('go on where one fails', async () => {
    start(3);
    await nth(0).fail(new ApiError('damaged_image'));
    expect(ids()).toEqual(['1', '2', '3']);
    expect(steps()).toEqual(['failed', 'uploading', 'uploading']);
  });
});

describe('a film under way', () => {
  it('is being uploaded until all of it was sent, then analysed', () => {
    start(1);
    nth(0).onUploaded(0.4);
    expect(useWorklist.getState().films[0]?.step).toEqual({ name: 'uploading', share: 0.4 });
    nth(0).onUploaded(1);
    expect(steps()).toEqual(['analysing']);
  });

  it('keeps its place while it is analysed', () => {
    start(3);
    nth(0).onUploaded(1);
    nth(1).onUploaded(1);
    pump();
    expect(ids()).toEqual(['1', '2']);
  });

  it('holds the answer in the end', async () => {
    start(1);
    await nth(0).answer();
    expect(useWorklist.getState().films[0]?.step).toEqual({ name: 'done', answer: answerOf() });
  });
});

describe('cancelling', () => {
  it('aborts the request and frees its place', async () => {
    start(3);
    await settle(() => cancel('1'));
    expect(nth(0).signal.aborted).toBe(true);
    expect(nth(1).signal.aborted).toBe(false);
    expect(ids()).toEqual(['1', '2', '3']);
    expect(steps()).toEqual(['cancelled', 'uploading', 'uploading']);
  });

  it('keeps a waiting film from being sent', async () => {
    start(3);
    cancel('3');
    await nth(0).answer();
    await nth(1).answer();
    expect(ids()).toEqual(['1', '2']);
    expect(steps()).toEqual(['done', 'done', 'cancelled']);
  });

  it('is not undone by progress that comes too late', async () => {
    start(1);
    await settle(() => cancel('1'));
    nth(0).onUploaded(1);
    expect(steps()).toEqual(['cancelled']);
  });

  it('may be followed at once by sending again, which is a request of its own', async () => {
    start(1);
    cancel('1');
    retry('1');
    await settle(() => {});
    expect(ids()).toEqual(['1', '1']);
    expect(steps()).toEqual(['uploading']);
    await settle(() => cancel('1'));
    expect(nth(1).signal.aborted).toBe(true);
  });
});

describe('removing', () => {
  it('a film under way aborts its request and frees its place', async () => {
    start(3);
    await settle(() => remove('1'));
    expect(nth(0).signal.aborted).toBe(true);
    expect(ids()).toEqual(['1', '2', '3']);
    expect(useWorklist.getState().films.map(({ id }) => id)).toEqual(['2', '3']);
  });

  it('all films aborts every request, and nothing more is sent', async () => {
    start(3);
    await settle(clear);
    expect(sent.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(useWorklist.getState().films).toEqual([]);
  });
});

describe('a failure', () => {
  it.each([
    ['the service’s refusal', new ApiError('unsupported_type')],
    ['an overload that names no time', overloaded(null)],
    ['the service’s own fault, whatever time it names', new ApiError('internal_error', '', null, 5)],
  ])('that is %s ends the film at once, with its reason', async (_, error) => {
    start(1);
    await nth(0).fail(error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(useWorklist.getState().films[0]?.step).toEqual({ name: 'failed', error });
    expect(ids()).toEqual(['1']);
  });

  it('of the page itself is told as an answer that it does not understand', async () => {
    start(1);
    await nth(0).fail(new TypeError('undefined is not a function'));
    expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'unexpected_answer' } });
  });

  it('can be followed by sending again', async () => {
    start(1);
    await nth(0).fail(new ApiError('deadline_exceeded'));
    retry('1');
    expect(steps()).toEqual(['uploading']);
    await nth(1).answer();
    expect(steps()).toEqual(['done']);
  });
});

describe('an answer that never comes', () => {
  it('is waited for no longer than the service may take, then the film fails and gives up its place', async () => {
    start(3);
    nth(0).onUploaded(1);
    await vi.advanceTimersByTimeAsync(LONGEST_SILENCE_MS - 1);
    expect(steps()).toEqual(['analysing', 'uploading', 'waiting']);
    nth(1).onUploaded(0.5);
    await vi.advanceTimersByTimeAsync(1);
    expect(nth(0).signal.aborted).toBe(true);
    expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'deadline_exceeded' } });
    expect(ids()).toEqual(['1', '2', '3']);
  });

  it('is not given up while its film is still on its way', async () => {
    start(1);
    for (const share of [0.1, 0.2, 0.3, 0.4, 1]) {
      await vi.advanceTimersByTimeAsync(LONGEST_SILENCE_MS - 1);
      expect(steps()).toEqual(['uploading']);
      nth(0).onUploaded(share);
    }
    await vi.advanceTimersByTimeAsync(LONGEST_SILENCE_MS - 1);
    expect(steps()).toEqual(['analysing']);
  });

  it.each([
    ['before it began', () => {}],
    ['on its way', () => nth(0).onUploaded(0.9)],
  ])('because its film got stuck %s is no answer of the service’s', async (_, stick) => {
    start(3);
    stick();
    nth(1).onUploaded(1);
    await vi.advanceTimersByTimeAsync(LONGEST_SILENCE_MS - 1);
    expect(steps()).toEqual(['uploading', 'analysing', 'waiting']);
    await vi.advanceTimersByTimeAsync(1);
    expect(nth(0).signal.aborted).toBe(true);
    expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'unreachable' } });
    expect(ids()).toEqual(['1', '2', '3']);
  });

  it('is not missed once it is there', async () => {
    start(1);
    nth(0).onUploaded(1);
    await nth(0).answer();
    await vi.advanceTimersByTimeAsync(2 * LONGEST_SILENCE_MS);
    expect(steps()).toEqual(['done']);
    expect(nth(0).signal.aborted).toBe(false);
  });
});

describe('a lost connection', () => {
  it('is told as a file that is gone where the file cannot be read any more', async () => {
    start(1);
    const film = useWorklist.getState().films[0];
    vi.spyOn(film?.file ?? new File([], ''), 'slice').mockReturnValue({
      arrayBuffer: () => Promise.reject(new DOMException('It is gone.', 'NotFoundError')),
    } as unknown as Blob);
    await nth(0).fail(new ApiError('unreachable'));
    expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'file_gone' } });
  });

  it('is told as what it is where the file is there', async () => {
    vi.useRealTimers(); // a file is read
    start(1);
    nth(0).fail(new ApiError('unreachable'));
    await vi.waitFor(() =>
      expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'unreachable' } }),
    );
  });
});

describe('a service that asks to come back later', () => {
  it('gets nothing until then, and after that every film', async () => {
    start(3);
    await nth(0).fail(overloaded(5));
    expect(steps()).toEqual(['waiting', 'uploading', 'waiting']);
    await nth(1).answer();
    await vi.advanceTimersByTimeAsync(4_900);
    expect(ids()).toEqual(['1', '2']);
    await vi.advanceTimersByTimeAsync(200);
    expect(ids()).toEqual(['1', '2', '1', '3']);
  });

  it('does not get what the reader sends again meanwhile', async () => {
    start(2);
    await nth(0).fail(new ApiError('damaged_image'));
    await nth(1).fail(overloaded(5));
    retry('1');
    await vi.advanceTimersByTimeAsync(4_900);
    expect(ids()).toEqual(['1', '2']);
    await vi.advanceTimersByTimeAsync(200);
    expect(ids()).toEqual(['1', '2', '1', '2']);
  });

  it.each(['overloaded', 'rate_limited', 'models_unavailable', 'unavailable'])(
    'is heard for its %s so many times, then the film fails with that code',
    async (code) => {
      start(1);
      const error = new ApiError(code, '', 'request-9', 5);
      for (let time = 0; time < MOST_PUT_OFF; time++) {
        await nth(time).fail(error);
        expect(steps()).toEqual(['waiting']);
        await vi.advanceTimersByTimeAsync(5_000);
      }
      await nth(MOST_PUT_OFF).fail(error);
      expect(useWorklist.getState().films[0]?.step).toEqual({ name: 'failed', error });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(ids()).toHaveLength(1 + MOST_PUT_OFF);
    },
  );

  it('is heard as often again after the reader sends the film again', async () => {
    start(1);
    for (let time = 0; time <= MOST_PUT_OFF; time++) {
      await nth(time).fail(overloaded(5));
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(steps()).toEqual(['failed']);
    retry('1');
    await nth(MOST_PUT_OFF + 1).fail(overloaded(5));
    expect(steps()).toEqual(['waiting']);
  });

  it('for two films has the longer of its times kept', async () => {
    start(2);
    await nth(0).fail(overloaded(30));
    await nth(1).fail(overloaded(2));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(ids()).toEqual(['1', '2']);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(ids()).toEqual(['1', '2', '1', '2']);
  });

  it('for longer than a timer can run is asked again no sooner, and costs nothing meanwhile', async () => {
    start(1);
    await nth(0).fail(overloaded(60 * 24 * 3600));
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(timers).not.toHaveBeenCalled();
    expect(ids()).toEqual(['1']);
  });
});

describe('a service that wants its reader to sign in', () => {
  beforeEach(() => useCredential.setState({ required: true }));

  /** Let a request end as one does whose credential is refused. */
  async function refuseNth(index: number, bearer: string | null): Promise<void> {
    refuse(bearer);
    await nth(index).fail(new ApiError('unauthorized'));
  }

  it('gets no film before that, and all of them then', async () => {
    start(2);
    await settle(() => retry('1'));
    expect(ids()).toEqual([]);
    expect(steps()).toEqual(['waiting', 'waiting']);
    await settle(() => {
      signInWith('key-1');
      signedIn();
    });
    expect(ids()).toEqual(['1', '2']);
  });

  it('and refuses a film has it wait, with all others, until somebody signs in anew', async () => {
    signInWith('old');
    start(3);
    await refuseNth(0, 'old');
    await refuseNth(1, 'old');
    expect(steps()).toEqual(['waiting', 'waiting', 'waiting']);
    expect(ids()).toEqual(['1', '2']);
    await settle(() => {
      signInWith('new');
      signedIn();
    });
    expect(ids()).toEqual(['1', '2', '1', '2']);
  });

  it('gets a film again whose refusal came after the reader had signed in anew', async () => {
    signInWith('old');
    start(1);
    signInWith('new');
    await refuseNth(0, 'old');
    expect(ids()).toEqual(['1', '1']);
  });

  it('and does not allow a film lets it fail, until somebody else signs in', async () => {
    signInWith('reader');
    start(1);
    await nth(0).fail(new ApiError('forbidden'));
    expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'forbidden' } });
    await settle(() => {
      signInWith('radiologist');
      signedIn();
    });
    expect(ids()).toEqual(['1', '1']);
  });
});

describe('a reader who signs out', () => {
  beforeEach(() => {
    useCredential.setState({ required: true });
    signInWith('first');
  });

  const leave = () =>
    settle(() => {
      signOut();
      signedOut();
    });
  const come = () =>
    settle(() => {
      signInWith('second');
      signedIn();
    });

  it('leaves nothing under way and nothing that the next one’s key would send', async () => {
    start(3);
    nth(1).onUploaded(1);
    await leave();
    expect(sent.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(steps()).toEqual(['cancelled', 'cancelled', 'cancelled']);
    await come();
    expect(ids()).toEqual(['1', '2']);
  });

  it.each(['forbidden', 'unauthorized'])('does not leave what was %s to the next one', async (code) => {
    start(1);
    useCredential.setState({ required: false });
    await nth(0).fail(new ApiError(code));
    expect(steps()).toEqual(['failed']);
    useCredential.setState({ required: true });
    await leave();
    await come();
    expect(steps()).toEqual(['cancelled']);
    await settle(() => retry('1'));
    expect(ids()).toEqual(['1', '1']);
  });

  it('leaves answers and other failures as they are', async () => {
    start(2);
    await nth(0).answer();
    await nth(1).fail(new ApiError('damaged_image'));
    await leave();
    expect(steps()).toEqual(['done', 'failed']);
  });
});

it('a film that is refused where nobody can sign in fails', async () => {
  start(1);
  await nth(0).fail(new ApiError('unauthorized'));
  expect(useWorklist.getState().films[0]?.step).toMatchObject({ error: { code: 'unauthorized' } });
});

/** Do something, and let all that follows from it happen. */
async function settle(act: () => void): Promise<void> {
  act();
  if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(0);
}

function idOf(file: File): string {
  const film = useWorklist.getState().films.find((other) => other.file === file);
  return film?.id ?? 'none';
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
