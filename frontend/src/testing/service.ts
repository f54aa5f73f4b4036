import { HttpResponse, http } from 'msw';
import type { Access } from '@/lib/contract';
import { answerOf } from './answers';
import { server } from './server';

type Resolver = Parameters<typeof http.post>[1];

/** Say how the service answers the next films; without an argument it reads them. */
export function predictAnswers(resolver: Resolver = () => HttpResponse.json(answerOf())): void {
  server.use(http.post('*/api/predict', resolver));
}

export function healthAnswers(resolver: Resolver): void {
  server.use(http.get('*/api/health', resolver));
}

/** Say whether the service wants to know who asks, and how. */
export function accessAnswers(access: Access): void {
  server.use(http.get('*/api/access', () => HttpResponse.json(access)));
}

/** Return what /health says. */
export function health(status: 'healthy' | 'starting' | 'unhealthy') {
  const said = {
    status,
    timestamp: '2026-01-01T00:00:00+00:00',
    models_loaded: status === 'healthy',
    engine: status === 'healthy' ? 'openvino' : null,
    precision: status === 'healthy' ? 'bfloat16' : null,
    memory_usage_mb: 512.5,
    version: '1.0.0',
    ...(status === 'unhealthy' && { error: 'The networks could not be loaded.' }),
  };
  return HttpResponse.json(said, { status: status === 'unhealthy' ? 500 : 200 });
}

/** Return a failure in the contract's shape. */
export function failure(status: number, code: string, headers: Record<string, string> = {}) {
  const said = { error: `In the service's words: ${code}.`, code, request_id: 'request-2' };
  return HttpResponse.json(said, { status, headers });
}

/** Return what a proxy says in its own words. */
export function page(status: number) {
  return HttpResponse.html('<h1>Bad Gateway</h1>', { status });
}
