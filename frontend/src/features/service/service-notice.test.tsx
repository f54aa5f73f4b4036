import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ServiceNotice } from './service-notice';

describe('the notice across the page', () => {
  it.each([
    ['unreachable', /cannot be reached/],
    ['unhealthy', /networks cannot be used/],
  ] as const)('says what it means that the service is %s', (state, text) => {
    render(<ServiceNotice state={state} />);
    expect(screen.getByRole('alert')).toHaveTextContent(text);
  });

  it.each(['asking', 'starting', 'ready'] as const)('is not there while the service is %s', (state) => {
    render(<ServiceNotice state={state} />);
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });
});
