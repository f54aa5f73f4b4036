import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@/lib/api-error';
import { filmOf, readFilm } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import type { Film } from './film';
import { predictFilm } from './predict-film';
import { selectNext } from './select-next';
import { setStep, useWorklist } from './store';
import { WorkList } from './work-list';

vi.mock('./predict-film');

beforeEach(() => {
  vi.mocked(predictFilm)
    .mockReset()
    .mockReturnValue(new Promise(() => {}));
});
afterEach(resetStores);

const FILMS = [
  filmOf({ name: 'waiting' }),
  readFilm('none', { risk_code: 'none' }),
  readFilm('high', { risk_code: 'high' }),
  filmOf({ name: 'uploading', step: { name: 'uploading', share: 0.5 } }),
];
const failed = (name: string) =>
  filmOf({ name, step: { name: 'failed', error: new ApiError('unreachable') } });

function show(films: readonly Film[]): void {
  useWorklist.getState().add(films);
  render(<WorkList result={() => null} />);
}

const rows = () =>
  screen.getAllByRole('listitem').map((row) => within(row).getAllByRole('button')[0]?.textContent);
const byArrival = () =>
  userEvent.selectOptions(screen.getByRole('combobox', { name: 'Order of the work-list' }), 'By arrival');

describe('the work-list', () => {
  it('shows the most urgent film first', () => {
    show(FILMS);
    expect(rows()).toEqual(['high', 'waiting', 'uploading', 'none']);
  });

  it('shows films as they came when it is asked to', async () => {
    show(FILMS);
    await byArrival();
    expect(rows()).toEqual(['waiting', 'none', 'high', 'uploading']);
  });

  it('says how many films there are, and how many are to go', () => {
    show(FILMS);
    expect(screen.getByText('4 films · 2 to go')).toBeInTheDocument();
  });

  it('says that sending pauses', () => {
    useWorklist.getState().pause(Date.now() + 60_000);
    show(FILMS);
    expect(screen.getByRole('status')).toHaveTextContent(/^Sending goes on in/);
  });

  it('says nothing of what is to go when nothing is', () => {
    show([readFilm('high')]);
    expect(screen.getByText('1 film')).toBeInTheDocument();
  });

  it('marks the film that is selected', async () => {
    show(FILMS);
    await userEvent.click(screen.getByRole('button', { name: 'none' }));
    expect(screen.getAllByRole('button', { current: true }).map(({ textContent }) => textContent)).toEqual([
      'none',
    ]);
  });

  it('sends all failed films again, and no other', async () => {
    show([failed('one'), readFilm('high'), failed('two')]);
    await userEvent.click(screen.getByRole('button', { name: 'Send 2 failed films again' }));
    expect(useWorklist.getState().films.map(({ step }) => step.name)).toEqual([
      'uploading',
      'done',
      'uploading',
    ]);
    expect(predictFilm).toHaveBeenCalledTimes(2);
  });

  it('does not send again what would fail again', () => {
    show([failed('one'), filmOf({ step: { name: 'failed', error: new ApiError('damaged_image') } })]);
    expect(screen.queryByRole('button', { name: /failed film/ })).not.toBeInTheDocument();
  });

  it('takes the keyboard when the button that had it is gone', async () => {
    show(FILMS);
    await userEvent.click(screen.getAllByRole('button', { name: /^Remove (?!all)/ })[0] ?? document.body);
    expect(screen.getByRole('navigation')).toHaveFocus();
  });

  it('leaves the keyboard to a reader who had it elsewhere, or nowhere', () => {
    show(FILMS);
    act(() => setStep(FILMS[0]?.id ?? '', { name: 'analysing' }));
    expect(document.body).toHaveFocus();
    screen.getByRole('combobox').focus();
    act(() => screen.getByRole('combobox').blur());
    act(() => setStep(FILMS[0]?.id ?? '', { name: 'cancelled' }));
    expect(document.body).toHaveFocus();
  });

  it('leaves a single failed film to its own button', () => {
    show([failed('one'), readFilm('high')]);
    expect(screen.queryByRole('button', { name: /failed film/ })).not.toBeInTheDocument();
  });

  const removeAll = () => screen.getByRole('button', { name: 'Remove all films' });
  const sure = () => screen.queryByRole('button', { name: 'Yes, remove them with their answers' });

  it('removes all films at once where at most one has an answer', async () => {
    show([...FILMS.slice(0, 2), failed('failed')]);
    expect(removeAll()).not.toHaveAttribute('aria-expanded');
    await userEvent.click(removeAll());
    expect(useWorklist.getState().films).toEqual([]);
  });

  it('removes several answers only if its reader is sure, by the keyboard too', async () => {
    show(FILMS);
    removeAll().focus();
    await userEvent.keyboard('{Enter}');
    expect(removeAll()).toHaveFocus();
    expect(removeAll()).toHaveAttribute('aria-expanded', 'true');
    expect(useWorklist.getState().films).toHaveLength(FILMS.length);
    await userEvent.keyboard('{Tab}{Enter}');
    expect(useWorklist.getState().films).toEqual([]);
  });

  it('keeps them where its reader is not, or presses twice by mistake', async () => {
    show(FILMS);
    await userEvent.dblClick(removeAll());
    expect(sure()).not.toBeInTheDocument();
    expect(useWorklist.getState().films).toHaveLength(FILMS.length);
  });
});

describe('going to the next film', () => {
  it.each([
    ['by risk', async () => {}, ['high', 'waiting', 'uploading', 'none']],
    ['by arrival', byArrival, ['waiting', 'none', 'high', 'uploading']],
  ] as const)('follows the order that is shown: %s', async (_, choose, order) => {
    show(FILMS);
    await choose();
    const first = FILMS.find(({ name }) => name === order[0]);
    act(() => useWorklist.getState().select(first?.id ?? ''));
    const passed = order.map(() => {
      const { films, selectedId } = useWorklist.getState();
      selectNext(1);
      return films.find(({ id }) => id === selectedId)?.name;
    });
    expect(passed).toEqual(order);
  });
});
