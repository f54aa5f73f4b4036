import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import i18n from '@/app/i18n';
import { LANGUAGES, type Language } from '@/lib/languages';
import { LanguageSelect } from './language-select';

afterEach(() => localStorage.clear());

const select = () => screen.getByRole<HTMLSelectElement>('combobox');

describe('the choice of a language', () => {
  it('offers each language by its own name, in its own tongue', () => {
    render(<LanguageSelect />);
    const options = screen.getAllByRole<HTMLOptionElement>('option');
    expect(options.map(({ textContent, lang }) => [lang, textContent])).toEqual(Object.entries(LANGUAGES));
  });

  it.each((Object.keys(LANGUAGES) as Language[]).filter((code) => code !== 'en'))(
    'of %s turns the page’s texts and its language',
    async (code) => {
      render(<LanguageSelect />);
      await userEvent.selectOptions(select(), LANGUAGES[code]);
      await waitFor(() => expect(select()).toHaveValue(code));
      const { default: catalogue } = await import(`../../locales/${code}.json`);
      expect(select()).toHaveAccessibleName(catalogue.preferences.language);
      expect(document.documentElement).toHaveAttribute('lang', code);
    },
  );

  it('is remembered for the next time', async () => {
    render(<LanguageSelect />);
    await userEvent.selectOptions(select(), 'Français');
    await waitFor(() => expect(select()).toHaveValue('fr'));
    expect(localStorage.getItem('pneumonet.language')).toBe('fr');
    expect([i18n.services.languageDetector.detect()].flat()[0]).toBe('fr');
  });
});
