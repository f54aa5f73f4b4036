import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { hasReturned } from '@/features/access/returned';
import { App } from './app/app';
import { ErrorBoundary } from './app/error-boundary';
import { ready } from './app/i18n';
import './app/index.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');

if (hasReturned(location.search)) {
  const { handOver } = await import('@/features/access/oidc');
  await handOver().catch(() => {});
  // Who still sees this window opened it without a page that waits for it, and gets one.
  await new Promise((done) => setTimeout(done, 2_000));
  history.replaceState(null, '', '/');
}
await ready;
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
