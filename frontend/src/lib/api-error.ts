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

/** Turn whatever axios threw into an ApiError; a cancelled request stays what it is. */
export function asApiError(error: unknown): unknown {
  if (!axios.isAxiosError(error) || axios.isCancel(error)) return error;
  if (!error.response) return new ApiError('unreachable');
  const said = failureSchema.safeParse(error.response.data);
  // A proxy answers in its own words when nothing stands behind it.
  if (!said.success) return new ApiError(error.response.status >= 502 ? 'unreachable' : 'unexpected_answer');
  return new ApiError(said.data.code, said.data.error, said.data.request_id, retryAfter(error));
}

function retryAfter(error: AxiosError): number | null {
  const header = error.response?.headers['retry-after'];
  if (typeof header !== 'string') return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
