import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import i18n from '@/app/i18n';
import type { Warning } from '@/lib/contract';
import { LANGUAGES } from '@/lib/languages';
import en from '@/locales/en.json';
import { answerOf } from '@/testing/answers';
import { AnswerSummary } from './answer-panel';

const CODES = Object.keys(en.warning) as (keyof typeof en.warning)[];
const INVERTED: Warning = { code: 'inverted', message: 'Service’s words.', correction: 'invert' };

function show(warnings: Warning[], onCorrect?: () => Promise<void>): void {
  render(<AnswerSummary answer={answerOf({ warnings })} {...(onCorrect && { onCorrect })} />);
}

describe('a warning', () => {
  it('has words for every code that was agreed on', () => {
    expect(CODES.sort()).toEqual([
      'cropped',
      'inverted',
      'low_resolution',
      'overexposed',
      'rotated',
      'text_over_lungs',
      'underexposed',
      'unusual',
    ]);
  });

  it.each(Object.keys(LANGUAGES))('is told by its code, in the reader’s language (%s)', async (language) => {
    await i18n.changeLanguage(language);
    show(CODES.map((code) => ({ code, message: 'Service’s words.' })));
    for (const code of CODES) expect(screen.getByText(i18n.t(`warning.${code}`))).toBeInTheDocument();
    expect(document.body).not.toHaveTextContent('Service’s words.');
  });

  it('of a code that is new is told in the service’s own words', () => {
    show([{ code: 'blurred', message: 'The film is blurred.' }]);
    expect(screen.getByText('The film is blurred.')).toBeInTheDocument();
  });

  it('that the film looks like none stands before the answer itself', () => {
    show([INVERTED, { code: 'unusual', message: '' }]);
    const [first, ...others] = screen.getAllByRole('paragraph');
    expect(first).toHaveTextContent('do not rely on the answer');
    expect(first?.compareDocumentPosition(screen.getByRole('heading'))).toBe(
      Node.DOCUMENT_POSITION_FOLLOWING,
    );
    expect(others.map(({ textContent }) => textContent)).not.toContain(first?.textContent);
  });
});

describe('a correction', () => {
  const button = () => screen.queryByRole('button', { name: 'Invert and read again' });

  it('is offered where the service names one, and asked for once at a time', async () => {
    let finish = () => {};
    const onCorrect = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    show([INVERTED], onCorrect);
    await userEvent.dblClick(button() ?? document.body);
    expect(onCorrect).toHaveBeenCalledExactlyOnceWith('invert');
    expect(button()).toBeDisabled();
    finish();
    await waitFor(() => expect(button()).toBeEnabled());
  });

  it.each([
    ['rotate_90', 'Turn left and read again'],
    ['rotate_180', 'Turn by 180° and read again'],
    ['rotate_270', 'Turn right and read again'],
  ] as const)('%s is called “%s”', async (correction, name) => {
    const onCorrect = vi.fn(async () => {});
    show([{ code: 'rotated', message: '', correction }], onCorrect);
    await userEvent.click(screen.getByRole('button', { name }));
    expect(onCorrect).toHaveBeenCalledExactlyOnceWith(correction);
  });

  it('is not offered where none is named, nor where none is possible', () => {
    show([{ code: 'rotated', message: '' }], async () => {});
    show([INVERTED]);
    expect(screen.queryByRole('button')).not.toBeInTheDocument();
  });

  it('that the browser cannot make says so', async () => {
    show([INVERTED], () => Promise.reject(new Error('The source image cannot be decoded.')));
    await userEvent.click(button() ?? document.body);
    expect(await screen.findByText('This browser cannot make the corrected picture.')).toBeInTheDocument();
    expect(button()).toBeEnabled();
  });
});
