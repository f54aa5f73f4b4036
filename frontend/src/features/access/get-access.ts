import { request } from '@/lib/api-client';
import { type Access, accessSchema } from '@/lib/contract';

/** Ask how to sign in, and whether one has to. */
export function getAccess(signal: AbortSignal): Promise<Access> {
  return request(accessSchema, {
    url: '/access',
    signal,
    timeout: 5000,
    // Whatever is no such answer says nothing of a way in; a refusal of this, too, would have it asked for ever.
    validateStatus: () => true,
  });
}
