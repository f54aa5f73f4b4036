/** Speak HTTP: the only place that does. */
import axios, { type AxiosRequestConfig } from 'axios';
import type { z } from 'zod/mini';
import { env } from '@/config/env';
import { ApiError, asApiError } from './api-error';

const http = axios.create({ baseURL: env.apiUrl });

/** Return a checked answer; throw ApiError, or axios's CanceledError where the caller gave up. */
export async function request<T>(schema: z.ZodMiniType<T>, config: AxiosRequestConfig): Promise<T> {
  const response = await http.request<unknown>(config).catch((error: unknown) => {
    throw asApiError(error);
  });
  const checked = schema.safeParse(response.data);
  if (!checked.success) throw new ApiError('unexpected_answer');
  return checked.data;
}
