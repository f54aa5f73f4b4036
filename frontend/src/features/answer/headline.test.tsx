import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import i18n from '@/app/i18n';
import type { RiskCode } from '@/lib/contract';
import { answerOf } from '@/testing/answers';
import { Headline } from './headline';

const heading = () => screen.getByRole('heading').textContent;
const badge = () => document.querySelector('[data-risk]');

describe('the headline', () => {
  it.each<[RiskCode, string]>([
    ['high', 'High risk: bacterial pneumonia indicated'],
    ['medium', 'Medium risk: viral pneumonia indicated'],
    ['none', 'No immediate risk detected'],
  ])('of the risk %s is the finding, with the words “%s” and the confidence', (code, words) => {
    render(<Headline answer={answerOf({ risk_code: code, prediction: 'VIRAL PNEUMONIA' })} />);
    expect(heading()).toBe('Viral pneumonia');
    expect(badge()).toHaveTextContent(words);
    expect(screen.getByText('Confidence 6.12%')).toBeInTheDocument();
  });

  it('of an indeterminate risk is a question, and its likeliest finding stands second', () => {
    render(<Headline answer={answerOf({ risk_code: 'indeterminate' })} />);
    expect(heading()).toBe('Unclear: needs review');
    expect(badge()).toHaveTextContent('Indeterminate: requires review');
    expect(screen.getByRole('paragraph')).toHaveTextContent(/^Likeliest.*Bacterial pneumonia.*92\.35%/);
  });

  it.each(['Low Risk', 'Indeterminate (Low)', 'No Immediate Risk Detected'])(
    'is decided by risk_code alone, even where risk_level says “%s”',
    (level) => {
      render(<Headline answer={answerOf({ risk_code: 'indeterminate', risk_level: level })} />);
      expect(heading()).toBe('Unclear: needs review');
      expect(badge()).toHaveAttribute('data-risk', 'indeterminate');
      expect(badge()?.className).toMatch(/question/);
      expect(document.body.innerHTML).not.toMatch(/calm|Low|No immediate risk/i);
    },
  );

  it('writes the confidence from the probability, as the reader’s language does', async () => {
    await i18n.changeLanguage('fr');
    render(<Headline answer={answerOf({ confidence: '11.11%' })} />);
    expect(heading()).toBe(i18n.t('finding.BACTERIAL PNEUMONIA'));
    expect(document.body).toHaveTextContent(/92,35\s%/);
    expect(document.body).not.toHaveTextContent('11');
  });

  it('says plainly which findings cannot be excluded, the most probable first', () => {
    render(<Headline answer={answerOf({ prediction_set: ['BACTERIAL PNEUMONIA', 'NORMAL'] })} />);
    const said = 'None of these can be excluded (95%): Bacterial pneumonia and Normal.';
    expect(screen.getByText(said)).toBeInTheDocument();
  });

  it.each([
    ['one finding alone', { prediction_set: ['BACTERIAL PNEUMONIA' as const] }],
    ['an older service', {}],
  ])('says nothing of the sort for %s', (_, change) => {
    render(<Headline answer={answerOf(change)} />);
    expect(screen.getAllByRole('paragraph')).toHaveLength(1);
  });
});
