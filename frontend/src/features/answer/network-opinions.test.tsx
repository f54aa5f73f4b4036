import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Probabilities } from '@/lib/contract';
import { answerOf } from '@/testing/answers';
import { NetworkOpinions } from './network-opinions';

const BACTERIAL = { 'BACTERIAL PNEUMONIA': 0.9, 'VIRAL PNEUMONIA': 0.06, NORMAL: 0.04 };
const LESS_BACTERIAL = { 'BACTERIAL PNEUMONIA': 0.4, 'VIRAL PNEUMONIA': 0.35, NORMAL: 0.25 };
const NORMAL = { 'BACTERIAL PNEUMONIA': 0.1, 'VIRAL PNEUMONIA': 0.3, NORMAL: 0.6 };

function show(said: Probabilities[], disagreement?: number): void {
  const models = said.map((probabilities, index) => ({
    name: `Network ${index}`,
    weight: 0.5,
    probabilities,
  }));
  render(
    <NetworkOpinions answer={answerOf({ models, ...(disagreement !== undefined && { disagreement }) })} />,
  );
}

describe('what the networks say', () => {
  it('is each one’s name and weight, its likeliest finding and how sure it is', () => {
    show([BACTERIAL, NORMAL]);
    expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
      'Network 0 (50%)Bacterial pneumonia90.0%',
      'Network 1 (50%)Normal60.0%',
    ]);
  });

  it('agrees where they hold the same finding likeliest, however sure they are', () => {
    show([BACTERIAL, LESS_BACTERIAL]);
    expect(screen.getByText('The networks agree')).toBeInTheDocument();
  });

  it('disagrees where one of them holds another finding likeliest', () => {
    show([BACTERIAL, LESS_BACTERIAL, NORMAL]);
    expect(screen.getByText('The networks disagree')).toBeInTheDocument();
  });

  it.each([
    [[BACTERIAL, LESS_BACTERIAL], 0.29, 'The networks agree'],
    [
      [BACTERIAL, LESS_BACTERIAL],
      0.3,
      'The networks name the same finding but differ noticeably in how sure they are',
    ],
    [[BACTERIAL, NORMAL], 0.29, 'The networks disagree'],
    [[BACTERIAL, NORMAL], 0.3, 'The networks disagree noticeably'],
  ])('of %o that lie %d apart is that “%s”', (said, disagreement, words) => {
    show(said, disagreement);
    expect(screen.getByText(words)).toBeInTheDocument();
  });
});
