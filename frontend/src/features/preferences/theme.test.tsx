import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { resetStores } from '@/testing/stores';
import { usePreferences } from './store';
import { ThemeButton } from './theme-button';
import { useTheme } from './use-theme';

afterEach(resetStores);

function Page() {
  useTheme();
  return <ThemeButton />;
}

/** Let the system be light or dark, and return how to turn it round. */
function system(light: boolean): (light: boolean) => void {
  const query = Object.assign(new EventTarget(), { matches: light });
  vi.stubGlobal('matchMedia', (media: string) => {
    expect(media).toBe('(prefers-color-scheme: light)');
    return query;
  });
  return (now) => {
    query.matches = now;
    act(() => void query.dispatchEvent(new Event('change')));
  };
}

const worn = () => document.documentElement.dataset.theme;

describe('the theme', () => {
  it('is dark at first, whatever the system is', () => {
    system(true);
    render(<Page />);
    expect(worn()).toBe('dark');
  });

  it('goes round by its button, which says how it is', async () => {
    system(true);
    render(<Page />);
    await userEvent.click(screen.getByRole('button', { name: 'Theme: dark' }));
    expect(worn()).toBe('light');
    await userEvent.click(screen.getByRole('button', { name: 'Theme: light' }));
    expect(worn()).toBe('light');
    await userEvent.click(screen.getByRole('button', { name: 'Theme: as the system' }));
    expect(worn()).toBe('dark');
  });

  it('follows the system when it is told to', () => {
    const turn = system(false);
    usePreferences.getState().setTheme('system');
    render(<Page />);
    expect(worn()).toBe('dark');
    turn(true);
    expect(worn()).toBe('light');
    turn(false);
    expect(worn()).toBe('dark');
  });

  it('that was chosen does not follow the system', () => {
    const turn = system(false);
    render(<Page />);
    turn(true);
    expect(worn()).toBe('dark');
  });
});

it('what was chosen is remembered for the next time', async () => {
  usePreferences.getState().setTheme('light');
  usePreferences.getState().setShortcuts(false);
  const kept = localStorage.getItem('pneumonet.preferences') ?? '';
  resetStores();
  localStorage.setItem('pneumonet.preferences', kept);
  expect(usePreferences.getState()).toMatchObject({ theme: 'dark', shortcuts: true });
  await usePreferences.persist.rehydrate();
  expect(usePreferences.getState()).toMatchObject({ theme: 'light', shortcuts: false });
});

it('what is not understood is not taken up', async () => {
  resetStores();
  for (const state of [{ theme: 'sepia', shortcuts: 'no' }, null]) {
    localStorage.setItem('pneumonet.preferences', JSON.stringify({ state, version: 0 }));
    await usePreferences.persist.rehydrate();
    expect(usePreferences.getState()).toMatchObject({ theme: 'dark', shortcuts: true });
  }
});
