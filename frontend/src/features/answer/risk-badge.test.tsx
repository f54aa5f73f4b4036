import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { RiskCode } from '@/lib/contract';
import { RISKS } from './risk';
import { RiskBadge } from './risk-badge';

describe('the badge of a risk', () => {
  it.each<[RiskCode, string, string, string]>([
    ['high', 'danger', 'High risk: bacterial pneumonia indicated', 'High risk'],
    ['medium', 'caution', 'Medium risk: viral pneumonia indicated', 'Medium risk'],
    ['indeterminate', 'question', 'Indeterminate: requires review', 'Needs review'],
    ['none', 'calm', 'No immediate risk detected', 'No immediate risk'],
  ])('%s has the tone %s, and its words', (code, tone, long, short) => {
    render(<RiskBadge code={code} />);
    expect(screen.getByText(long)).toHaveClass(`text-${tone}`);
    render(<RiskBadge code={code} short />);
    expect(screen.getByText(short)).toHaveClass(`text-${tone}`);
  });

  it('is told apart without its colour too', () => {
    expect(new Set(Object.values(RISKS).map(({ icon }) => icon)).size).toBe(4);
  });

  it('is calm for no risk alone', () => {
    const calm = Object.entries(RISKS).filter(([, { tone }]) => tone === 'calm');
    expect(calm.map(([code]) => code)).toEqual(['none']);
  });
});
