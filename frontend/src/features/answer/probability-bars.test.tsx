import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { answerOf } from '@/testing/answers';
import { ProbabilityBars } from './probability-bars';

const probabilities = { 'BACTERIAL PNEUMONIA': 0.2, 'VIRAL PNEUMONIA': 0.725, NORMAL: 0.075 };

it('every finding has its probability beside it, in one order for all films', () => {
  render(<ProbabilityBars answer={answerOf({ prediction: 'VIRAL PNEUMONIA', probabilities })} />);
  const names = screen.getAllByRole('term').map(({ textContent }) => textContent);
  const shares = screen.getAllByRole('definition').map(({ textContent }) => textContent);
  expect(names).toEqual(['Bacterial pneumonia', 'Viral pneumonia', 'Normal']);
  expect(shares).toEqual(['20.0%', '72.5%', '7.5%']);
});

it('a bar is as long as its probability', () => {
  const { container } = render(<ProbabilityBars answer={answerOf({ probabilities })} />);
  const bars = [...container.querySelectorAll<HTMLElement>('[style]')];
  expect(bars.map(({ style }) => style.width)).toEqual(['20%', '72.5%', '7.5%']);
});
