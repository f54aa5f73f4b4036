import { request } from '@/lib/api-client';
import { type Access, accessSchema } from '@/lib/contract';

/** Ask how to sign in, and whether one has to. */
export function getAccess(signal: AbortSignal): Promise<Access> {
  return request(accessSchema, { url: '/access', signal, timeout: 5000 });
}
