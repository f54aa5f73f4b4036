/** Speak HTTP: the only place that does. */
import axios, { type AxiosRequestConfig } from 'axios';
import type { z } from 'zod/mini';
import { env } from '@/config/env';
import { ApiError, asApiError } from './api-error';
import { refuse, useCredential } from './credential';

const http = axios.create({ baseURL: env.apiUrl });

/** Return a checked answer; throw ApiError, or axios's CanceledError where the caller gave up. */
export async function request<T>(schema: z.ZodMiniType<T>, config: AxiosRequestConfig): Promise<T> {
  const { bearer } = useCredential.getState();
  const headers = { ...config.headers, ...(bearer !== null && { Authorization: `Bearer ${bearer}` }) };
  const response = await http.request<unknown>({ ...config, headers }).catch((thrown: unknown) => {
    const error = asApiError(thrown);
    if (error instanceof ApiError && error.code === 'unauthorized') refuse(bearer);
    throw error;
  });
  const checked = schema.safeParse(response.data);
  if (!checked.success) throw new ApiError('unexpected_answer');
  return checked.data;
}
