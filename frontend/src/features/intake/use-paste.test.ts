import { fireEvent, renderHook } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { jpeg } from '@/testing/films';
import { usePaste } from './use-paste';

describe('pasting', () => {
  it('takes the files that are pasted anywhere', () => {
    const onFiles = vi.fn();
    renderHook(() => usePaste(onFiles));
    const files = [jpeg('a.jpg'), jpeg('b.jpg')];
    fireEvent.paste(document.body, { clipboardData: { files } });
    expect(onFiles.mock.calls).toEqual([[files]]);
  });

  it('leaves text to whatever it was pasted into', () => {
    const onFiles = vi.fn();
    renderHook(() => usePaste(onFiles));
    expect(fireEvent.paste(document.body, { clipboardData: { files: [] } })).toBe(true);
    expect(onFiles).not.toHaveBeenCalled();
  });

  it('ends with the page', () => {
    const onFiles = vi.fn();
    renderHook(() => usePaste(onFiles)).unmount();
    fireEvent.paste(document.body, { clipboardData: { files: [jpeg()] } });
    expect(onFiles).not.toHaveBeenCalled();
  });
});
