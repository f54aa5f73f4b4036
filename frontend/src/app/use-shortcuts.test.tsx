import { act, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { usePreferences } from '@/features/preferences/store';
import { useViewerSettings, WHOLE_WINDOW } from '@/features/viewer/settings';
import { useWorklist } from '@/features/worklist/store';
import { filmOf } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { useShortcuts } from './use-shortcuts';

const onHelp = vi.fn();

function Page() {
  useShortcuts(onHelp);
  return (
    <>
      <button type="button">A button</button>
      <input aria-label="A field" />
      <select aria-label="A choice" />
      <textarea aria-label="A text" />
      <div role="dialog" aria-label="A dialog">
        <button type="button">In a dialog</button>
      </div>
    </>
  );
}

beforeEach(() => {
  onHelp.mockReset();
  render(<Page />);
});
afterEach(resetStores);

const settings = useViewerSettings.getState;
const selected = () => useWorklist.getState().selectedId;

describe('a key', () => {
  it.each([
    ['h', 'heat'],
    ['g', 'coarse'],
    ['s', 'sideBySide'],
    ['i', 'inverted'],
  ] as const)('%s turns %s round, wherever the focus is', async (key, what) => {
    const before = settings()[what];
    await userEvent.keyboard(key);
    expect(settings()[what]).toBe(!before);
    screen.getByRole('button', { name: 'A button' }).focus();
    await userEvent.keyboard(key);
    expect(settings()[what]).toBe(before);
  });

  it('r resets the window', async () => {
    settings().set({ window: { level: 0.1, width: 0.2 }, inverted: true });
    await userEvent.keyboard('r');
    expect(settings()).toMatchObject({ window: WHOLE_WINDOW, inverted: false });
  });

  it('j goes to the next film and k to the one before', async () => {
    useWorklist.getState().add([filmOf({ id: '1' }), filmOf({ id: '2' })]);
    await userEvent.keyboard('j');
    expect(selected()).toBe('2');
    await userEvent.keyboard('k');
    expect(selected()).toBe('1');
  });

  it('counts as its letter with Shift or Caps Lock too', () => {
    fireEvent.keyDown(document.body, { key: 'I', code: 'KeyI' });
    expect(settings().inverted).toBe(true);
  });

  it.each([
    ['ه', 'KeyI'],
    ['ш', 'KeyI'],
    ['ı', 'KeyI'],
  ])('of another script counts as the letter in its place: %s', (key, code) => {
    fireEvent.keyDown(document.body, { key, code });
    expect(settings().inverted).toBe(true);
  });

  it('counts as its letter, not as its place, where it has one', () => {
    fireEvent.keyDown(document.body, { key: 'c', code: 'KeyI' });
    expect(settings().inverted).toBe(false);
  });

  it('? shows the help', async () => {
    await userEvent.keyboard('?');
    expect(onHelp).toHaveBeenCalledOnce();
  });
});

describe('a key is not taken', () => {
  it.each(['A field', 'A choice', 'A text'])('from %s', async (name) => {
    screen.getByLabelText(name).focus();
    await userEvent.keyboard('i?');
    expect(settings().inverted).toBe(false);
    expect(onHelp).not.toHaveBeenCalled();
  });

  it('from within a dialog', async () => {
    screen.getByRole('button', { name: 'In a dialog' }).focus();
    await userEvent.keyboard('i');
    expect(settings().inverted).toBe(false);
  });

  it.each(['ctrlKey', 'metaKey', 'altKey'])('together with %s, which means something else', (modifier) => {
    fireEvent.keyDown(document.body, { key: 'i', [modifier]: true });
    expect(settings().inverted).toBe(false);
  });

  it('again and again while it is held down', () => {
    fireEvent.keyDown(document.body, { key: 'i', repeat: true });
    expect(settings().inverted).toBe(false);
  });

  it('while shortcuts are turned off', async () => {
    act(() => usePreferences.getState().setShortcuts(false));
    await userEvent.keyboard('i?');
    expect(settings().inverted).toBe(false);
    expect(onHelp).not.toHaveBeenCalled();
    act(() => usePreferences.getState().setShortcuts(true));
    await userEvent.keyboard('i');
    expect(settings().inverted).toBe(true);
  });
});
