import { act, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { filmOf, readFilm } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { PauseNotice } from './pause-notice';
import { useWorklist } from './store';

beforeEach(() => void vi.useFakeTimers());
afterEach(resetStores);

const list = useWorklist.getState;
const pass = (seconds: number) => act(() => vi.advanceTimersByTime(1000 * seconds));
const seen = () => screen.queryByText(/^Sending goes on/, { ignore: '[role=status]' })?.textContent;
const heard = () => screen.getByRole('status').textContent;

describe('a pause that the service asked for', () => {
  it('is told with the time that is left, aloud only once, until it is over', () => {
    list().add([filmOf()]);
    render(<PauseNotice />);
    expect([seen(), heard()]).toEqual([undefined, '']);
    pass(60);
    act(() => list().pause(Date.now() + 4_200));
    const said = 'Sending goes on in 5 sec: the service asked for a pause.';
    expect([seen(), heard()]).toEqual([said, said]);
    pass(2);
    expect([seen(), heard()]).toEqual([said.replace('5', '3'), said]);
    pass(3);
    expect([seen(), heard()]).toEqual([undefined, '']);
  });

  it('is told anew when it becomes longer', () => {
    list().add([filmOf()]);
    list().pause(Date.now() + 2_000);
    render(<PauseNotice />);
    pass(1);
    act(() => list().pause(Date.now() + 30_000));
    expect(heard()).toContain('30 sec');
  });

  it('is nothing to tell of where nothing waits', () => {
    list().add([readFilm('done')]);
    list().pause(Date.now() + 5_000);
    render(<PauseNotice />);
    expect([seen(), heard()]).toEqual([undefined, '']);
  });
});
