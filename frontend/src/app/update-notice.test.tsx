import { useRegisterSW } from 'virtual:pwa-register/react';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { predictFilm } from '@/features/worklist/predict-film';
import { pump } from '@/features/worklist/runner';
import { useWorklist } from '@/features/worklist/store';
import { filmOf } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { UpdateNotice } from './update-notice';

vi.mock('@/features/worklist/predict-film');
vi.mock('virtual:pwa-register/react', () => ({ useRegisterSW: vi.fn() }));

const updateServiceWorker = vi.fn(async () => {});
const reload = vi.fn();

beforeEach(() => {
  reload.mockReset();
  vi.stubGlobal('location', { reload });
  updateServiceWorker.mockReset();
  const nothing = [false, () => {}] as [boolean, () => void];
  vi.mocked(useRegisterSW).mockReturnValue({
    needRefresh: nothing,
    offlineReady: nothing,
    updateServiceWorker,
  });
  render(<UpdateNotice />);
});
afterEach(resetStores);

/** Return what the page told the service worker to call. */
function told() {
  const options = vi.mocked(useRegisterSW).mock.lastCall?.[0];
  if (!options) throw new Error('The page did not register.');
  return options;
}

describe('a newer page', () => {
  it('is not spoken of before there is one', () => {
    expect(screen.queryByRole('status')).not.toBeInTheDocument();
  });

  it('is offered with its price, and taken only when the reader takes it', async () => {
    act(() => told().onNeedRefresh?.());
    expect(screen.getByRole('status')).toHaveTextContent('removes the films');
    expect(updateServiceWorker).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole('button', { name: 'Take it' }));
    expect(updateServiceWorker).toHaveBeenCalledOnce();
    expect(reload).toHaveBeenCalledOnce();
  });

  it('leaves no request of the old one under way', async () => {
    vi.mocked(predictFilm).mockReturnValue(new Promise(() => {}));
    useWorklist.getState().add([filmOf()]);
    pump();
    act(() => told().onNeedRefresh?.());
    await userEvent.click(screen.getByRole('button', { name: 'Take it' }));
    expect(useWorklist.getState().films).toEqual([]);
    expect(vi.mocked(predictFilm).mock.lastCall?.[1].signal.aborted).toBe(true);
  });

  it('is there before the page is loaded anew', async () => {
    const serviceWorker = new EventTarget();
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator), { serviceWorker }));
    act(() => told().onNeedRefresh?.());
    await userEvent.click(screen.getByRole('button', { name: 'Take it' }));
    expect(updateServiceWorker).toHaveBeenCalledOnce();
    expect(reload).not.toHaveBeenCalled();
    serviceWorker.dispatchEvent(new Event('controllerchange'));
    await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
  });

  it('that was taken in another tab does not take this tab’s films', () => {
    useWorklist.getState().add([filmOf()]);
    told().onNeedReload?.();
    expect(reload).not.toHaveBeenCalled();
    expect(useWorklist.getState().films).toHaveLength(1);
  });

  it('that was taken in another tab is taken by a tab without films', () => {
    told().onNeedReload?.();
    expect(reload).toHaveBeenCalledOnce();
  });

  it('is looked for every hour', async () => {
    vi.useFakeTimers();
    const update = vi.fn(async () => {});
    told().onRegisteredSW?.('/sw.js', { update } as unknown as ServiceWorkerRegistration);
    await vi.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(update).toHaveBeenCalledTimes(2);
  });
});
