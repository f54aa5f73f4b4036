import { render, screen } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FINDINGS } from '@/lib/contract';
import type { Heatmap } from '@/lib/heatmap';
import { answerOf, explanationOf } from '@/testing/answers';
import { AnswerReasons, AnswerSummary } from './answer-panel';
import { missRate } from './measured';

vi.mock('./measured');

const MAP: Heatmap = { columns: 1, rows: 1, values: Float32Array.of(1) };
const MISSED =
  'A normal answer does not exclude pneumonia. Of 400 films with pneumonia that the networks had never seen, they called 9 normal (2.3%).';

beforeEach(() => {
  vi.mocked(missRate).mockImplementation((version) => (version === '1.0.0' ? { missed: 9, of: 400 } : null));
});

describe('beside a normal answer', () => {
  it('stands how often these networks miss a pneumonia', () => {
    render(<AnswerSummary answer={answerOf({ prediction: 'NORMAL' })} />);
    expect(screen.getByText(MISSED)).toBeInTheDocument();
  });

  it('stands that it is not known of networks that were not measured', () => {
    render(<AnswerSummary answer={answerOf({ prediction: 'NORMAL', model_version: '2.0.0' })} />);
    expect(screen.getByText(/How often these networks miss one is not known/)).toBeInTheDocument();
    expect(screen.queryByText(/400/)).not.toBeInTheDocument();
  });

  it('that is unclear stands the same', () => {
    render(<AnswerSummary answer={answerOf({ prediction: 'NORMAL', risk_code: 'indeterminate' })} />);
    expect(screen.getByText(MISSED)).toBeInTheDocument();
  });

  it.each(FINDINGS.filter((finding) => finding !== 'NORMAL'))('only: not beside %s', (prediction) => {
    render(<AnswerSummary answer={answerOf({ prediction })} />);
    expect(screen.queryByText(/does not exclude pneumonia/)).not.toBeInTheDocument();
  });
});

describe('what is odd about a film', () => {
  it('may be none', () => {
    render(<AnswerSummary answer={answerOf()} />);
    expect(screen.getAllByRole('paragraph').map(({ textContent }) => textContent)).toEqual([
      'Confidence 92.35%',
    ]);
  });
});

describe('the reasons of an answer', () => {
  it('say where the map points, where there is a map', () => {
    render(<AnswerReasons answer={answerOf()} map={MAP} />);
    expect(screen.getByRole('heading', { name: 'Where the map points' })).toBeInTheDocument();
  });

  it('say where the map points as the service says it, whatever the map shows', () => {
    const explanation = explanationOf(0, 0, 0.9, 0, 0, 0.1);
    render(<AnswerReasons answer={answerOf({ explanation })} map={MAP} />);
    expect(screen.getByText(/mostly in the patient's right lower zone \(90%/)).toBeInTheDocument();
  });

  it('say nothing of a map that is not there', () => {
    render(<AnswerReasons answer={answerOf()} map={null} />);
    expect(screen.queryByRole('heading', { name: 'Where the map points' })).not.toBeInTheDocument();
  });

  it('hold what finds the answer again', () => {
    render(<AnswerReasons answer={answerOf({ request_id: 'abc-1', duration_ms: 1234 })} map={null} />);
    const said = screen.getAllByRole('definition').map(({ textContent }) => textContent);
    expect(said.slice(-3)).toEqual(['abc-1', '1.0.0', '1.23 sec']);
  });
});
