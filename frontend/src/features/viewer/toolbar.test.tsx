import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import i18n from '@/app/i18n';
import { resetStores } from '@/testing/stores';
import { useViewerSettings, WHOLE_WINDOW } from './settings';
import { Toolbar } from './toolbar';

afterEach(resetStores);

const settings = useViewerSettings.getState;
const button = (name: string) => screen.getByRole('button', { name });
const slider = (name: string) => screen.getByRole('slider', { name });

/** Move a slider by its keys. */
async function press(name: string, keys: string): Promise<void> {
  slider(name).focus();
  await userEvent.keyboard(keys);
}

describe('the toolbar of a film with a map', () => {
  it.each([
    ['Map', 'heat', true],
    ['Cells', 'coarse', false],
    ['Side by side', 'sideBySide', false],
    ['Invert', 'inverted', false],
  ] as const)('has a button “%s” that turns %s round and says how it is', async (name, what, at) => {
    render(<Toolbar mapped />);
    expect(button(name)).toHaveAttribute('aria-pressed', String(at));
    await userEvent.click(button(name));
    expect(settings()[what]).toBe(!at);
    expect(button(name)).toHaveAttribute('aria-pressed', String(!at));
  });

  it('changes how strong the map is, and says so in per cent', async () => {
    render(<Toolbar mapped />);
    expect(slider('Map opacity')).toHaveAttribute('aria-valuetext', '60%');
    await press('Map opacity', '{ArrowRight}');
    expect(settings().opacity).toBeCloseTo(0.61, 9);
    expect(slider('Map opacity')).toHaveAttribute('aria-valuetext', '61%');
    await press('Map opacity', '{End}');
    expect(settings().opacity).toBe(1);
  });

  it('changes the colours of the map', async () => {
    render(<Toolbar mapped />);
    await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Colours of the map' }), 'cividis');
    expect(settings().colours).toBe('cividis');
  });

  it('brightens by lowering the window, and leaves its width', async () => {
    render(<Toolbar mapped />);
    await press('Brightness', '{End}');
    expect(slider('Brightness')).toHaveAttribute('aria-valuetext', '90%');
    expect(settings().window.level).toBeCloseTo(0.05, 9);
    expect(settings().window.width).toBe(1);
    await press('Brightness', '{Home}');
    expect(settings().window.level).toBeCloseTo(0.95, 9);
  });

  it('sharpens contrast by narrowing the window, and leaves its level', async () => {
    render(<Toolbar mapped />);
    await press('Contrast', '{End}');
    expect(slider('Contrast')).toHaveAttribute('aria-valuetext', '×8.00');
    expect(settings().window).toEqual({ level: 0.5, width: 1 / 8 });
    await press('Contrast', '{Home}');
    expect(settings().window.width).toBe(2);
  });

  it('writes its numbers as the reader’s language does', async () => {
    await i18n.changeLanguage('fr');
    render(<Toolbar mapped />);
    expect(slider('Contraste')).toHaveAttribute('aria-valuetext', '×1,00');
  });

  it('resets the window, and nothing of the map', async () => {
    render(<Toolbar mapped />);
    settings().set({ window: { level: 0.2, width: 0.3 }, inverted: true, opacity: 0.3 });
    await userEvent.click(button('Reset'));
    expect(settings()).toMatchObject({ window: WHOLE_WINDOW, inverted: false, opacity: 0.3 });
  });

  it('lets the opacity rest while the map is not shown', async () => {
    render(<Toolbar mapped />);
    await userEvent.click(button('Map'));
    expect(slider('Map opacity')).toHaveAttribute('data-disabled');
    await userEvent.click(button('Side by side'));
    expect(slider('Map opacity')).not.toHaveAttribute('data-disabled');
  });
});

describe('the toolbar of a film without a map', () => {
  it('has nothing that would change one', async () => {
    render(<Toolbar mapped={false} />);
    for (const name of ['Map', 'Cells', 'Side by side']) expect(button(name)).toBeDisabled();
    expect(screen.getByRole('combobox', { name: 'Colours of the map' })).toBeDisabled();
    expect(slider('Map opacity')).toHaveAttribute('data-disabled');
    await userEvent.click(button('Map'));
    expect(settings().heat).toBe(true);
  });

  it('still changes the window', async () => {
    render(<Toolbar mapped={false} />);
    await userEvent.click(button('Invert'));
    expect(settings().inverted).toBe(true);
    expect(button('Reset')).toBeEnabled();
  });
});
