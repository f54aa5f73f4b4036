import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '@/lib/api-error';
import { filmOf, readFilm } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { Reading } from './reading';

afterEach(resetStores);

const answer = () => screen.getByRole('region', { name: 'Answer' });

describe('a film that is read', () => {
  it('has its answer beside it', () => {
    render(<Reading film={readFilm('a', { prediction: 'VIRAL PNEUMONIA' })} />);
    expect(within(answer()).getByRole('heading', { name: 'Viral pneumonia' })).toBeInTheDocument();
  });

  it('that has no answer yet shows how far it is, and no old answer', () => {
    const { rerender } = render(<Reading film={readFilm('a')} />);
    rerender(<Reading film={filmOf({ step: { name: 'analysing' } })} />);
    expect(answer()).toHaveTextContent('No answer for this film yet.Analysing…');
    expect(screen.queryByRole('heading')).not.toBeInTheDocument();
  });

  it('that failed says why where its answer would be', () => {
    render(<Reading film={filmOf({ step: { name: 'failed', error: new ApiError('damaged_image') } })} />);
    expect(answer()).toHaveTextContent('The picture is damaged');
  });

  it('is not said to be copied because another was', async () => {
    userEvent.setup();
    const { rerender } = render(<Reading film={readFilm('a', { request_id: 'a' })} />);
    await userEvent.click(screen.getByRole('button', { name: 'Copy as JSON' }));
    expect(screen.getByRole('button', { name: 'Copied' })).toBeInTheDocument();
    rerender(<Reading film={readFilm('b', { request_id: 'b' })} />);
    expect(screen.getByRole('button', { name: 'Copy as JSON' })).toBeInTheDocument();
  });
});
