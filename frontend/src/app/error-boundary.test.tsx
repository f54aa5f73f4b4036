import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorBoundary } from './error-boundary';

let broken: boolean;

function Page() {
  if (broken) throw new Error('It broke while it was drawn.');
  return <p>The page</p>;
}

beforeEach(() => {
  broken = true;
  vi.spyOn(console, 'error').mockReturnValue(); // React tells of what was caught
});

const show = () =>
  render(
    <ErrorBoundary>
      <Page />
    </ErrorBoundary>,
  );

describe('a page that breaks', () => {
  it('says so, and that the films are still there', () => {
    show();
    expect(screen.getByRole('alert')).toHaveTextContent('Something broke on this page');
    expect(screen.getByRole('alert')).toHaveTextContent('Your films are still in memory');
  });

  it('goes on when the reader wants it to and it can', async () => {
    show();
    broken = false;
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }));
    expect(screen.getByText('The page')).toBeInTheDocument();
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('says so again when it breaks again', async () => {
    show();
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }));
    expect(screen.getByRole('alert')).toBeInTheDocument();
  });
});

it('a page that does not break is shown as it is', () => {
  broken = false;
  show();
  expect(screen.getByText('The page')).toBeInTheDocument();
  expect(screen.queryByRole('alert')).not.toBeInTheDocument();
});
