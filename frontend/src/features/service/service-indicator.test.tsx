import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ServiceIndicator } from './service-indicator';

describe('the indicator', () => {
  it.each([
    ['asking', 'Asking the service…'],
    ['ready', 'Service ready'],
    ['unhealthy', 'Service failing'],
    ['unreachable', 'Service unreachable'],
  ] as const)('says of a service that is %s “%s”', (state, text) => {
    render(<ServiceIndicator state={state} />);
    expect(screen.getByRole('status').textContent).toBe(text);
  });

  it('says of a service that is starting that the networks load with the first film', () => {
    render(<ServiceIndicator state="starting" />);
    expect(screen.getByText('Service starting')).toBeInTheDocument();
    expect(screen.getByRole('status')).toHaveTextContent('The networks load with the first film.');
  });
});
