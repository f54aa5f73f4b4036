import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '@/lib/api-error';
import en from '@/locales/en.json';
import { ErrorText } from './error-text';

/** The contract's codes, and the page's own three. */
const CODES = [
  ...['no_file', 'empty_file', 'bad_base64', 'bad_request', 'image_too_large', 'unsupported_type'],
  ...['damaged_image', 'not_a_chest_radiograph', 'unauthorized', 'forbidden', 'rate_limited', 'not_found'],
  ...['method_not_allowed', 'overloaded', 'models_unavailable', 'deadline_exceeded', 'internal_error'],
  'unavailable',
  ...['unreachable', 'unexpected_answer', 'file_gone'],
] as const;

/** Return what is said of an error, paragraph by paragraph. */
function said(error: ApiError): (string | null)[] {
  render(<ErrorText error={error} />);
  return screen.getAllByRole('paragraph').map(({ textContent }) => textContent);
}

describe('what is said of a failure', () => {
  it.each(CODES)('with the code %s is a sentence of this page', (code) => {
    expect(said(new ApiError(code, 'The service’s own words.'))).toEqual([en.error[code]]);
  });

  it('is another sentence for each code', () => {
    expect(Object.keys(en.error).sort()).toEqual([...CODES].sort());
    expect(new Set(Object.values(en.error)).size).toBe(CODES.length);
  });

  it('with an unknown code is the service’s own sentence', () => {
    expect(said(new ApiError('film_upside_down', 'Turn the film and send it again.'))).toEqual([
      'Turn the film and send it again.',
    ]);
  });

  it('with an unknown code and no words is that the answer is not understood', () => {
    expect(said(new ApiError('film_upside_down'))).toEqual([en.error.unexpected_answer]);
  });

  it('names the request, where there is one, so that it can be found again', () => {
    expect(said(new ApiError('internal_error', '', 'request-3'))).toEqual([
      en.error.internal_error,
      'Request request-3',
    ]);
  });
});
