import { act, renderHook } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '@/lib/api-error';
import { answerOf } from '@/testing/answers';
import { filmOf } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import type { Step } from './film';
import { setStep, useWorklist } from './store';
import { useLeaveGuard } from './use-leave-guard';

afterEach(resetStores);

/** Return whether the reader would be asked before the page goes. */
const asks = () => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));

describe('leaving the page', () => {
  it.each<[Step, boolean]>([
    [{ name: 'waiting' }, true],
    [{ name: 'uploading', share: 0.5 }, true],
    [{ name: 'analysing' }, true],
    [{ name: 'done', answer: answerOf() }, true],
    [{ name: 'cancelled' }, false],
    [{ name: 'refused', reason: 'empty' }, false],
    [{ name: 'failed', error: new ApiError('unreachable') }, false],
  ])('with a film that is %o is asked about: %s', (step, asked) => {
    renderHook(useLeaveGuard);
    expect(asks()).toBe(false);
    act(() => useWorklist.getState().add([filmOf({ step })]));
    expect(asks()).toBe(asked);
  });

  it('is asked about no longer than there is something to lose', () => {
    renderHook(useLeaveGuard);
    act(() => useWorklist.getState().add([filmOf({ id: 'a' })]));
    act(() => setStep('a', { name: 'cancelled' }));
    expect(asks()).toBe(false);
    act(() => setStep('a', { name: 'waiting' }));
    act(() => useWorklist.getState().clear());
    expect(asks()).toBe(false);
  });
});
