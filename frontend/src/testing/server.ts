import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';

/** Stands in for the service, which lets everybody in; each test says what else it answers. */
export const server = setupServer(
  http.get('*/api/access', () => HttpResponse.json({ required: false, methods: [], oidc: null })),
);
