import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { ErrorBoundary } from './app/error-boundary';
import { ready } from './app/i18n';
import './app/index.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');

await ready;
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
