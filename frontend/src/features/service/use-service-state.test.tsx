import { act, renderHook, waitFor } from '@testing-library/react';
import { HttpResponse } from 'msw';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Health } from '@/lib/contract';
import { health, healthAnswers, page } from '@/testing/service';
import { getHealth } from './get-health';
import { useServiceState } from './use-service-state';

vi.mock('./get-health', { spy: true });

afterEach(() => void vi.mocked(getHealth).mockReset());

describe('the service', () => {
  it.each([
    ['ready', 'it is healthy', () => health('healthy')],
    ['starting', 'it is starting', () => health('starting')],
    ['unhealthy', 'it is unhealthy, with status 500', () => health('unhealthy')],
    ['unreachable', 'nothing answers', () => HttpResponse.error()],
    ['unreachable', 'a proxy answers for it', () => page(502)],
    ['unreachable', 'something else answers', () => page(200)],
  ])('is %s when %s', async (state, _, resolver) => {
    healthAnswers(resolver);
    const { result } = renderHook(useServiceState);
    expect(result.current).toBe('asking');
    await waitFor(() => expect(result.current).toBe(state));
  });
});

describe('asking after the service', () => {
  let says: Health['status'] | 'nothing';
  const hidden = vi.fn(() => false);
  const asked = () => vi.mocked(getHealth).mock.calls.length;
  const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

  beforeEach(() => {
    vi.useFakeTimers();
    says = 'healthy';
    hidden.mockReturnValue(false);
    vi.spyOn(document, 'hidden', 'get').mockImplementation(hidden);
    vi.mocked(getHealth).mockImplementation(async () => {
      if (says === 'nothing') throw new Error('No answer.');
      return { status: says } as Health;
    });
  });

  async function ask() {
    const rendered = renderHook(useServiceState);
    await wait(0);
    return rendered;
  }

  it('goes on calmly while all is well', async () => {
    await ask();
    expect(asked()).toBe(1);
    await wait(19_000);
    expect(asked()).toBe(1);
    await wait(2_000);
    expect(asked()).toBe(2);
    await wait(20_000);
    expect(asked()).toBe(3);
  });

  it.each([
    ['nothing', 4_100],
    ['starting', 10_100],
    ['unhealthy', 20_100],
  ] as const)('goes on while it says %s, and sees it recover', async (trouble, delay) => {
    says = trouble;
    const { result } = await ask();
    await wait(delay);
    expect(asked()).toBe(2);
    says = 'healthy';
    await wait(delay);
    expect(result.current).toBe('ready');
    await wait(4_100);
    expect(asked()).toBe(3);
  });

  it('sees it go', async () => {
    const { result } = await ask();
    says = 'nothing';
    await wait(20_100);
    expect(result.current).toBe('unreachable');
  });

  it.each(['online', 'offline'])('is done at once when the browser goes %s', async (event) => {
    const { result } = await ask();
    says = 'unhealthy';
    window.dispatchEvent(new Event(event));
    await wait(0);
    expect(result.current).toBe('unhealthy');
  });

  it('rests while the page is hidden, and is done at once when it is seen again', async () => {
    const { result } = await ask();
    hidden.mockReturnValue(true);
    document.dispatchEvent(new Event('visibilitychange'));
    says = 'nothing';
    await wait(120_000);
    expect(asked()).toBe(1);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    await wait(0);
    expect(asked()).toBe(2);
    expect(result.current).toBe('unreachable');
  });

  it('ends with the page', async () => {
    const { unmount } = await ask();
    unmount();
    expect(vi.mocked(getHealth).mock.lastCall?.[0].aborted).toBe(true);
    await wait(60_000);
    window.dispatchEvent(new Event('online'));
    expect(asked()).toBe(1);
  });
});
