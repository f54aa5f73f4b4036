import { AxiosError, CanceledError } from 'axios';
import { describe, expect, it } from 'vitest';
import { ApiError, asApiError } from './api-error';

describe('what axios throws', () => {
  it.each([AxiosError.ECONNABORTED, AxiosError.ETIMEDOUT, AxiosError.ERR_NETWORK])(
    'without an answer (%s) means that no service is there',
    (code) => {
      const error = asApiError(new AxiosError('no answer', code));
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ code: 'unreachable', requestId: null, retryAfterSeconds: null });
    },
  );

  it('because its caller gave up stays what it is', () => {
    const cancelled = new CanceledError();
    expect(asApiError(cancelled)).toBe(cancelled);
  });

  it('because the page itself is wrong stays what it is', () => {
    const mistake = new TypeError('undefined is not a function');
    expect(asApiError(mistake)).toBe(mistake);
  });
});
