import { act, render, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import i18n from '@/app/i18n';
import { ApiError } from '@/lib/api-error';
import { answerOf } from '@/testing/answers';
import { filmOf } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { Announcer } from './announcer';
import type { Film, Step } from './film';
import { setStep, useWorklist } from './store';

afterEach(resetStores);

const add = (...films: Film[]) => act(() => useWorklist.getState().add(films));
const become = (id: string, step: Step) => act(() => setStep(id, step));
const news = () => screen.getByTestId('news').textContent;

describe('the announcer', () => {
  it('speaks when the reader’s screen reader has time for it', () => {
    render(<Announcer />);
    expect(screen.getByTestId('news')).toHaveAttribute('aria-live', 'polite');
    expect(news()).toBe('');
  });

  it.each<[Step, string]>([
    [{ name: 'waiting' }, ''],
    [{ name: 'uploading', share: 0 }, ''],
    [{ name: 'analysing' }, 'chest.jpg is being analysed.'],
    [
      { name: 'refused', reason: 'empty' },
      'chest.jpg was not sent: it cannot be used. Not sent: the file is empty.',
    ],
    [
      { name: 'failed', error: new ApiError('deadline_exceeded') },
      'chest.jpg could not be analysed. The answer took too long and was given up. Send it again.',
    ],
    [{ name: 'cancelled' }, 'chest.jpg was cancelled.'],
    [
      { name: 'done', answer: answerOf() },
      'chest.jpg: Bacterial pneumonia, 92.35%. High risk: bacterial pneumonia indicated.',
    ],
    [
      { name: 'done', answer: answerOf({ risk_code: 'indeterminate' }) },
      'chest.jpg: unclear, needs review. Likeliest: Bacterial pneumonia, 92.35%.',
    ],
    [
      {
        name: 'done',
        answer: answerOf({
          prediction_set: ['BACTERIAL PNEUMONIA', 'NORMAL'],
          warnings: [
            { code: 'unusual', message: '' },
            { code: 'cropped', message: '' },
          ],
        }),
      },
      'chest.jpg: Bacterial pneumonia, 92.35%. High risk: bacterial pneumonia indicated. ' +
        'None of these can be excluded (95%): Bacterial pneumonia and Normal. ' +
        'Does not look like a chest radiograph; analysed at your wish. ' +
        'The film seems to be cropped: parts of the lungs may be missing.',
    ],
  ])('tells what becomes of a film: %o', (step, said) => {
    render(<Announcer />);
    add(filmOf({ name: 'chest.jpg', step }));
    expect(news()).toBe(said);
  });

  it('tells of several films at once', () => {
    render(<Announcer />);
    add(
      filmOf({ name: 'a', step: { name: 'cancelled' } }),
      filmOf({ name: 'b', step: { name: 'analysing' } }),
    );
    expect(news()).toBe('a was cancelled. b is being analysed.');
  });

  it('does not repeat itself as an upload goes on', () => {
    render(<Announcer />);
    add(filmOf({ id: 'a', name: 'a', step: { name: 'analysing' } }));
    add(filmOf({ name: 'b', step: { name: 'cancelled' } }));
    become('a', { name: 'analysing' });
    expect(news()).toBe('b was cancelled.');
  });

  it('tells of a film again when it is sent again', () => {
    render(<Announcer />);
    add(filmOf({ id: 'a', name: 'a', step: { name: 'cancelled' } }));
    become('a', { name: 'analysing' });
    expect(news()).toBe('a is being analysed.');
    become('a', { name: 'cancelled' });
    expect(news()).toBe('a was cancelled.');
  });

  it('tells the same again when it happens again', async () => {
    render(<Announcer />);
    const failed: Step = { name: 'failed', error: new ApiError('unreachable') };
    add(filmOf({ id: 'a', name: 'a', step: failed }));
    const heard = vi.fn();
    const listener = new MutationObserver(heard); // as screen readers listen
    listener.observe(screen.getByTestId('news'), { childList: true, characterData: true, subtree: true });
    become('a', { name: 'uploading', share: 0 });
    become('a', failed);
    await waitFor(() => expect(heard).toHaveBeenCalled());
    listener.disconnect();
  });

  it('does not tell old news again in another language', async () => {
    render(<Announcer />);
    add(filmOf({ name: 'a', step: { name: 'cancelled' } }));
    await act(() => i18n.changeLanguage('fr'));
    expect(news()).toBe('a was cancelled.');
  });
});
