import axios from 'axios';
import { delay, HttpResponse } from 'msw';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerOf } from '@/testing/answers';
import { failure, page, predictAnswers } from '@/testing/service';
import { request } from './api-client';
import { ApiError } from './api-error';
import { answerSchema } from './contract';
import { signInWith, useCredential } from './credential';

afterEach(() => useCredential.setState(useCredential.getInitialState(), true));

const ask = (config: { signal?: AbortSignal } = {}) =>
  request(answerSchema, { method: 'POST', url: '/predict', ...config });

/** Ask, and return what went wrong. */
async function fail(config?: Parameters<typeof ask>[0]): Promise<unknown> {
  return ask(config).then(
    () => expect.unreachable('there was an answer'),
    (error: unknown) => error,
  );
}

describe('an answer', () => {
  it('is returned as the service gave it', async () => {
    predictAnswers();
    expect(await ask()).toEqual(answerOf());
  });

  it('may hold fields that this page does not know yet', async () => {
    predictAnswers(() => HttpResponse.json({ ...answerOf(), second_opinion: 'NORMAL' }));
    expect(await ask()).toEqual(answerOf());
  });

  it.each([
    ['lacks a field', { ...answerOf(), risk_code: undefined }],
    ['has a risk that nobody agreed on', { ...answerOf(), risk_code: 'low' }],
    [
      'has a probability above 1',
      answerOf({ probabilities: { 'BACTERIAL PNEUMONIA': 1.2, 'VIRAL PNEUMONIA': 0, NORMAL: 0 } }),
    ],
    ['is empty', {}],
    ['is no object', ['BACTERIAL PNEUMONIA']],
  ])('that %s is not understood', async (_, said) => {
    predictAnswers(() => HttpResponse.json(said));
    expect(await fail()).toMatchObject({ name: 'ApiError', code: 'unexpected_answer' });
  });

  it('that is a page of HTML is not understood', async () => {
    predictAnswers(() => page(200));
    expect(await fail()).toMatchObject({ name: 'ApiError', code: 'unexpected_answer' });
  });
});

describe('a failure', () => {
  it('in the contract’s shape gives its code, its sentence and its request id', async () => {
    predictAnswers(() => failure(422, 'damaged_image'));
    expect(await fail()).toMatchObject({
      name: 'ApiError',
      code: 'damaged_image',
      message: "In the service's words: damaged_image.",
      requestId: 'request-2',
      retryAfterSeconds: null,
    });
  });

  it('says how many seconds to wait', async () => {
    predictAnswers(() => failure(503, 'overloaded', { 'Retry-After': '7' }));
    expect(await fail()).toMatchObject({ code: 'overloaded', retryAfterSeconds: 7 });
  });

  it.each([
    ['Thu, 01 Jan 2026 00:01:30 GMT', 90],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['soon', null],
  ])('says to wait until %s', async (until, seconds) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
    predictAnswers(() => failure(503, 'overloaded', { 'Retry-After': until }));
    expect(await fail()).toMatchObject({ code: 'overloaded', retryAfterSeconds: seconds });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [413, 'image_too_large'],
    [429, 'rate_limited'],
    [502, 'unreachable'],
    [503, 'unreachable'],
    [504, 'unreachable'],
  ])('in a proxy’s own words (%i) means %s', async (status, code) => {
    predictAnswers(() => page(status));
    expect(await fail()).toMatchObject({ name: 'ApiError', code, message: '', requestId: null });
  });

  it('in a proxy’s own words may say how long to wait too', async () => {
    predictAnswers(() => new HttpResponse('Slow down.', { status: 429, headers: { 'Retry-After': '9' } }));
    expect(await fail()).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 9 });
  });

  it.each([404, 418, 500])('in nobody’s words (%i) is not understood', async (status) => {
    predictAnswers(() => page(status));
    expect(await fail()).toMatchObject({ name: 'ApiError', code: 'unexpected_answer' });
  });

  it('of the network means that no service is there', async () => {
    predictAnswers(() => HttpResponse.error());
    expect(await fail()).toMatchObject({ name: 'ApiError', code: 'unreachable' });
  });
});

describe('a request that its caller gives up', () => {
  it('ends as cancelled, not as failed', async () => {
    const controller = new AbortController();
    predictAnswers(async () => {
      controller.abort();
      await delay(2000);
      return HttpResponse.json(answerOf());
    });
    const error = await fail({ signal: controller.signal });
    expect(axios.isCancel(error)).toBe(true);
    expect(error).not.toBeInstanceOf(ApiError);
  });

  it('is not even sent when it was given up before', async () => {
    const sent = vi.fn();
    predictAnswers(() => {
      sent();
      return HttpResponse.json(answerOf());
    });
    expect(axios.isCancel(await fail({ signal: AbortSignal.abort() }))).toBe(true);
    expect(sent).not.toHaveBeenCalled();
  });

  it('is told from a failure', async () => {
    predictAnswers(() => failure(500, 'internal_error'));
    expect(axios.isCancel(await fail())).toBe(false);
  });
});

describe('the credential', () => {
  /** Let the service refuse everybody, and return what it was given. */
  function refuseAll() {
    const given: (string | null)[] = [];
    predictAnswers(({ request }) => {
      given.push(request.headers.get('authorization'));
      return failure(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' });
    });
    return given;
  }

  it('goes with every request, once there is one', async () => {
    const given = refuseAll();
    await fail();
    signInWith('key-1');
    await fail();
    expect(given).toEqual([null, 'Bearer key-1']);
  });

  it('that is refused is forgotten, and that is known', async () => {
    refuseAll();
    signInWith('key-1');
    expect(await fail()).toMatchObject({ code: 'unauthorized' });
    expect(useCredential.getState()).toMatchObject({ bearer: null, refusals: 1, rejected: true });
  });

  it('is not said to be refused where there was none', async () => {
    refuseAll();
    await fail();
    expect(useCredential.getState()).toMatchObject({ bearer: null, refusals: 1, rejected: false });
  });

  it('that took the place of a refused one meanwhile stays', async () => {
    signInWith('old');
    predictAnswers(() => {
      signInWith('new');
      return failure(401, 'unauthorized');
    });
    await fail();
    expect(useCredential.getState()).toMatchObject({ bearer: 'new', rejected: false });
  });

  it('stays where it is accepted but does not allow this', async () => {
    signInWith('key-1');
    predictAnswers(() => failure(403, 'forbidden'));
    expect(await fail()).toMatchObject({ code: 'forbidden' });
    expect(useCredential.getState().bearer).toBe('key-1');
  });
});
