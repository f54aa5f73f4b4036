import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { jpeg } from '@/testing/films';
import { DropZone } from './drop-zone';
import { useDrop } from './use-drop';

const onFiles = vi.fn<(files: File[]) => void>();

function Page() {
  useDrop(onFiles);
  return <DropZone onFiles={onFiles} large />;
}

beforeEach(() => void onFiles.mockReset());

const files = [jpeg('a.jpg'), jpeg('b.jpg')];
const LINK = { files: [], types: ['text/uri-list', 'text/plain'] };
const dataTransfer = { files, types: ['Files'] };

describe('a drop', () => {
  it('anywhere on the page takes the films, and leaves the page where it is', () => {
    render(<Page />);
    expect(fireEvent.dragOver(document.body, { dataTransfer })).toBe(false);
    expect(fireEvent.drop(document.body, { dataTransfer })).toBe(false);
    expect(onFiles.mock.calls).toEqual([[files]]);
  });

  it('on the drop zone takes them once', async () => {
    render(<Page />);
    fireEvent.drop(screen.getByText('Drop films here, or paste them'), { dataTransfer });
    await waitFor(() => expect(onFiles).toHaveBeenCalled());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(onFiles).toHaveBeenCalledOnce();
  });

  it('of something else takes nothing, and leaves the page where it is', () => {
    render(<Page />);
    expect(fireEvent.drop(document.body, { dataTransfer: LINK })).toBe(false);
    expect(onFiles).not.toHaveBeenCalled();
  });

  it('of text goes where text is written, but not of a film', () => {
    render(<input aria-label="Key" />);
    render(<Page />);
    const field = screen.getByLabelText('Key');
    expect(fireEvent.dragOver(field, { dataTransfer: LINK })).toBe(true);
    expect(fireEvent.drop(field, { dataTransfer: LINK })).toBe(true);
    expect(fireEvent.drop(field, { dataTransfer })).toBe(false);
    expect(onFiles.mock.calls).toEqual([[files]]);
  });

  it('ends with the page', () => {
    render(<Page />).unmount();
    fireEvent.drop(document.body, { dataTransfer });
    expect(onFiles).not.toHaveBeenCalled();
  });
});
