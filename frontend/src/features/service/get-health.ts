import { request } from '@/lib/api-client';
import { type Health, healthSchema } from '@/lib/contract';

export function getHealth(signal: AbortSignal): Promise<Health> {
  return request(healthSchema, {
    url: '/health',
    signal,
    timeout: 5000,
    // An unhealthy service answers 500 and says why.
    validateStatus: (status) => status === 200 || status === 500,
  });
}
