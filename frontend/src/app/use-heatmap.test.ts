import { renderHook, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Heatmap, readHeatmap } from '@/lib/heatmap';
import { useHeatmap } from './use-heatmap';

vi.mock('@/lib/heatmap');

const mapOf = (value: number): Heatmap => ({ columns: 1, rows: 1, values: Float32Array.of(value) });
const MAPS: Record<string, Heatmap> = { one: mapOf(0.25), other: mapOf(0.75) };

beforeEach(() => {
  vi.mocked(readHeatmap).mockImplementation(
    async (uri) => MAPS[uri] ?? Promise.reject(new Error('No picture.')),
  );
});

const use = (first: string | null) =>
  renderHook(({ uri }: { uri: string | null }) => useHeatmap(uri), { initialProps: { uri: first } });

describe('the map of an answer', () => {
  it('is there once its picture was read', async () => {
    const { result } = use('one');
    expect(result.current).toBeNull();
    await waitFor(() => expect(result.current).toBe(MAPS.one));
  });

  it('is never shown with another answer, not even for a moment', async () => {
    const { result, rerender } = use('one');
    await waitFor(() => expect(result.current).toBe(MAPS.one));
    rerender({ uri: 'other' });
    expect(result.current).toBeNull();
    await waitFor(() => expect(result.current).toBe(MAPS.other));
    rerender({ uri: null });
    expect(result.current).toBeNull();
  });

  it('that was read too late is not shown', async () => {
    let finish: (map: Heatmap) => void = () => {};
    vi.mocked(readHeatmap).mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
    const { result, rerender } = use('one');
    rerender({ uri: 'other' });
    await waitFor(() => expect(result.current).toBe(MAPS.other));
    finish(mapOf(0.5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(result.current).toBe(MAPS.other);
  });

  it('that cannot be read is no map', async () => {
    const { result } = use('no picture');
    await expect(vi.mocked(readHeatmap).mock.results.at(-1)?.value).rejects.toThrow('No picture.');
    expect(result.current).toBeNull();
  });
});
