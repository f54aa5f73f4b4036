import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { jpeg } from '@/testing/films';
import { DropZone } from './drop-zone';

const onFiles = vi.fn<(files: File[]) => void>();
const text = new File(['no film'], 'notes.txt', { type: 'text/plain' });

beforeEach(() => {
  onFiles.mockReset();
  render(<DropZone onFiles={onFiles} large />);
});

const input = () => screen.getByLabelText('Choose films', { selector: 'input' });
const taken = () => onFiles.mock.calls.map(([files]) => files.map(({ name }) => name));

describe('the drop zone', () => {
  it('takes several films from the file dialog', async () => {
    await userEvent.upload(input(), [jpeg('a.jpg'), jpeg('b.jpg')]);
    await waitFor(() => expect(taken()).toEqual([['a.jpg', 'b.jpg']]));
  });

  it('lets the dialog show pictures only', () => {
    expect(input()).toHaveAttribute('accept', '.jpg,.jpeg,.png,image/jpeg,image/png');
  });

  it('opens the dialog by its button', async () => {
    const click = vi.spyOn(HTMLInputElement.prototype, 'click');
    await userEvent.click(screen.getByRole('button', { name: 'Choose films' }));
    expect(click.mock.contexts).toEqual([input()]);
  });

  it('takes whatever is dropped, so that the work-list can say why something is no film', async () => {
    fireEvent.drop(input(), { dataTransfer: { files: [text, jpeg('a.jpg')], types: ['Files'] } });
    await waitFor(() => expect(taken()).toEqual([['notes.txt', 'a.jpg']]));
  });

  it('takes nothing when text is dropped', async () => {
    fireEvent.drop(input(), { dataTransfer: { files: [], types: ['text/plain'] } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(onFiles).not.toHaveBeenCalled();
  });
});
