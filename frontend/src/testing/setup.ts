import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import i18n, { ready } from '@/app/i18n';
import './missing-in-jsdom';
import { server } from './server';

// A test waits for what it is sure of, on a busy machine too.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' });
  await ready;
  await i18n.changeLanguage('en');
});
afterEach(async () => {
  vi.useRealTimers();
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  server.resetHandlers();
  if (i18n.language !== 'en') await i18n.changeLanguage('en');
});
afterAll(() => server.close());
