import { renderHook, waitFor } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { afterEach, describe, expect, it } from 'vitest';
import { refuse, useCredential } from '@/lib/credential';
import { server } from '@/testing/server';
import { accessAnswers, failure } from '@/testing/service';
import { resetStores } from '@/testing/stores';
import { useAccess } from './use-access';

afterEach(resetStores);

const WANTED = { required: true, methods: ['key'], oidc: null };

describe('the way in', () => {
  it('is asked for at the start', async () => {
    accessAnswers(WANTED);
    const { result } = renderHook(useAccess);
    await waitFor(() => expect(result.current).toEqual(WANTED));
    expect(useCredential.getState().required).toBe(true);
  });

  it('is asked for again after a refusal', async () => {
    const { result } = renderHook(useAccess);
    accessAnswers(WANTED);
    refuse(null);
    await waitFor(() => expect(result.current).toEqual(WANTED));
  });

  it('is none where nobody has to sign in', async () => {
    useCredential.setState({ required: true });
    const { result } = renderHook(useAccess);
    await waitFor(() => expect(useCredential.getState().required).toBe(false));
    expect(result.current).toBeNull();
  });

  it.each([
    ['an older service', () => failure(404, 'not_found')],
    ['a proxy that refuses this, too', () => failure(401, 'unauthorized')],
    ['nobody', () => HttpResponse.error()],
    ['a page', () => HttpResponse.html('<h1>Hello</h1>')],
  ])('is not known of %s, and is asked for once', async (_, answer) => {
    let asked = 0;
    server.use(
      http.get('*/api/access', () => {
        asked++;
        return answer();
      }),
    );
    const { result } = renderHook(useAccess);
    await waitFor(() => expect(asked).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toBe(1);
    expect(result.current).toBeNull();
    expect(useCredential.getState()).toMatchObject({ required: false, refusals: 0 });
  });
});
