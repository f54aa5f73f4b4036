import axios, { type AxiosError } from 'axios';
import { failureSchema } from './contract';

/** Why no answer came: the contract's `code`, or `unreachable` and `unexpected_answer`, which are the page's own. */
export class ApiError extends Error {
  override name = 'ApiError';

  readonly code: string;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  /** The message is the service's own sentence, in English; empty where the service said nothing. */
  constructor(
    code: string,
    message = '',
    requestId: string | null = null,
    retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.code = code;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What a proxy means that answers in its own words instead of the service's. */
const MEANINGS: Record<number, string> = {
  401: 'unauthorized',
  403: 'forbidden',
  413: 'image_too_large',
  429: 'rate_limited',
  502: 'unreachable',
  503: 'unreachable',
  504: 'unreachable',
};

/** Turn whatever axios threw into an ApiError; a cancelled request stays what it is. */
export function asApiError(error: unknown): unknown {
  if (!axios.isAxiosError(error) || axios.isCancel(error)) return error;
  if (!error.response) return new ApiError('unreachable');
  const { data, status } = error.response;
  const said = failureSchema.safeParse(data);
  if (said.success)
    return new ApiError(said.data.code, said.data.error, said.data.request_id, retryAfter(error));
  return new ApiError(MEANINGS[status] ?? 'unexpected_answer', '', null, retryAfter(error));
}

function retryAfter(error: AxiosError): number | null {
  const header = error.response?.headers['retry-after'];
  if (typeof header !== 'string') return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
