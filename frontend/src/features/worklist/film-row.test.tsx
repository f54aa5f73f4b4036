import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@/lib/api-error';
import { useCredential } from '@/lib/credential';
import { answerOf } from '@/testing/answers';
import { filmOf } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import type { Film, Step } from './film';
import { FilmRow } from './film-row';

afterEach(resetStores);

function show(change: Partial<Film>, { selected = false, onSelect = () => {} } = {}): void {
  const film = filmOf({ name: 'chest.jpg', ...change });
  render(<FilmRow film={film} selected={selected} onSelect={onSelect} result={() => <b>High risk</b>} />);
}

const actions = () =>
  screen
    .getAllByRole('button')
    .map((button) => button.getAttribute('aria-label'))
    .filter((name) => name !== null);

describe('a row of the work-list', () => {
  it.each<[string, Step, number]>([
    ['Waiting', { name: 'waiting' }, 0],
    ['The service asked to wait; sent again shortly', { name: 'waiting' }, 1],
    ['Uploading 40%', { name: 'uploading', share: 0.4 }, 0],
    ['Analysing…', { name: 'analysing' }, 0],
    ['Cancelled', { name: 'cancelled' }, 0],
    ['Not sent: the file is empty.', { name: 'refused', reason: 'empty' }, 0],
    [
      'Not sent: it cannot be read. It is a folder, or the file was moved.',
      { name: 'refused', reason: 'unreadable' },
      0,
    ],
    ['Not sent: this is neither a JPEG nor a PNG picture.', { name: 'refused', reason: 'wrong_type' }, 0],
    [
      'The picture is damaged or cut short. Export it again and retry.',
      { name: 'failed', error: new ApiError('damaged_image') },
      0,
    ],
  ])('says “%s”', (text, step, timesPutOff) => {
    show({ step, timesPutOff });
    expect(screen.getByRole('paragraph').textContent).toBe(text);
  });

  it('says what a film over the limit is, and what can be done', () => {
    show({ step: { name: 'refused', reason: 'too_large' } });
    expect(screen.getAllByRole('paragraph').map(({ textContent }) => textContent)).toEqual([
      'Not sent: it is larger than 10 MB.',
      'A copy of at most 2048 pixels is sent instead. The networks see 224 by 224 pixels either way.',
    ]);
  });

  it('says of a film that was read what is passed in, and no more', () => {
    show({ step: { name: 'done', answer: answerOf() } });
    expect(screen.getByRole('button', { name: 'chest.jpg High risk' })).toBeInTheDocument();
    expect(screen.queryByRole('paragraph')).not.toBeInTheDocument();
  });

  it('shows how much was uploaded', () => {
    show({ step: { name: 'uploading', share: 0.4 } });
    expect(screen.getByRole('progressbar', { name: 'Upload of chest.jpg' })).toHaveAttribute(
      'aria-valuenow',
      '40',
    );
  });

  it('shows an analysis of unknown length as such', () => {
    show({ step: { name: 'analysing' } });
    const bar = screen.getByRole('progressbar', { name: 'Analysis of chest.jpg' });
    expect(bar).not.toHaveAttribute('aria-valuenow');
  });

  it.each<[string, Step, string[]]>([
    ['waits', { name: 'waiting' }, ['Cancel chest.jpg', 'Remove chest.jpg']],
    ['is uploaded', { name: 'uploading', share: 0 }, ['Cancel chest.jpg', 'Remove chest.jpg']],
    ['is analysed', { name: 'analysing' }, ['Cancel chest.jpg', 'Remove chest.jpg']],
    ['was read', { name: 'done', answer: answerOf() }, ['Remove chest.jpg']],
    ['was refused', { name: 'refused', reason: 'empty' }, ['Remove chest.jpg']],
    ['was cancelled', { name: 'cancelled' }, ['Send chest.jpg again', 'Remove chest.jpg']],
    [
      'failed',
      { name: 'failed', error: new ApiError('unreachable') },
      ['Send chest.jpg again', 'Remove chest.jpg'],
    ],
  ])('of a film that %s offers what can be done about it', (_, step, offered) => {
    show({ step });
    expect(actions()).toEqual(offered);
  });

  it('that is too narrow for a name tells the whole of it all the same', () => {
    show({ name: `${'long '.repeat(40)}.jpg` });
    expect(screen.getByText(/^long/)).toHaveAttribute('title', `${'long '.repeat(40)}.jpg`);
  });

  it('selects its film, and says when it is the selected one', async () => {
    const onSelect = vi.fn();
    show({}, { selected: true, onSelect });
    const film = screen.getByRole('button', { name: /^chest\.jpg/, current: true });
    await userEvent.click(film);
    expect(onSelect).toHaveBeenCalledOnce();
  });

  it('shows a name as it is, even where it looks like a template', () => {
    show({ name: '{{share}} $t(disclaimer) <b>.jpg', step: { name: 'uploading', share: 0.4 } });
    const name = 'Upload of {{share}} $t(disclaimer) <b>.jpg';
    expect(screen.getByRole('progressbar', { name })).toBeInTheDocument();
  });

  it('says that a smaller copy was sent', () => {
    show({ shrunk: true, step: { name: 'done', answer: answerOf() } });
    expect(screen.getByRole('paragraph')).toHaveTextContent('A smaller copy was sent.');
  });

  it('says that a picture was read although it looks like no chest radiograph', () => {
    const answer = answerOf({ warnings: [{ code: 'unusual', message: '' }] });
    show({ step: { name: 'done', answer } });
    expect(screen.getByRole('paragraph')).toHaveTextContent('Does not look like a chest radiograph');
  });

  it('says all that is odd about a film that was read, what is new in the service’s words', () => {
    const warnings = [
      { code: 'inverted', message: '' },
      { code: 'of_tomorrow', message: 'In the service’s own words.' },
    ];
    show({ step: { name: 'done', answer: answerOf({ warnings }) } });
    expect(screen.getAllByRole('paragraph').map(({ textContent }) => textContent)).toEqual([
      'The film seems to be a negative: bright and dark are swapped.',
      'In the service’s own words.',
    ]);
  });

  it('says that the film was corrected', () => {
    const { file, url, shrunk, asked, step } = filmOf({ step: { name: 'done', answer: answerOf() } });
    show({ step, corrections: [{ correction: 'invert', before: { file, url, shrunk, asked, step } }] });
    expect(screen.getByRole('paragraph')).toHaveTextContent('The film was corrected before it was read.');
  });

  it('that waits for its reader to sign in says so', () => {
    useCredential.setState({ required: true });
    show({ step: { name: 'waiting' } });
    expect(screen.getByRole('paragraph')).toHaveTextContent('Waiting for you to sign in');
  });
});
