import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Heatmap } from '@/lib/heatmap';
import { regionsOf } from './where';
import { WhereSentence } from './where-sentence';

/** Return a map of two columns and three rows, one cell a sixth. */
function show(...values: [number, number, number, number, number, number]): void {
  const map: Heatmap = { columns: 2, rows: 3, values: Float32Array.from(values) };
  render(<WhereSentence regions={regionsOf(map)} prediction="VIRAL PNEUMONIA" />);
}

const said = () => screen.getAllByRole('paragraph')[0]?.textContent;

describe('where the map points, in words', () => {
  it('names the patient’s right for the left of the film', () => {
    show(0, 0, 0, 0, 0.75, 0.25);
    expect(said()).toBe(
      "What spoke for “Viral pneumonia” lies mostly in the patient's right lower zone (75% of the map's weight), then in the patient's left lower zone (25%).",
    );
  });

  it('names the patient’s left for the right of the film', () => {
    show(0.2, 0.8, 0, 0, 0, 0);
    expect(said()).toBe(
      "What spoke for “Viral pneumonia” lies mostly in the patient's left upper zone (80% of the map's weight), then in the patient's right upper zone (20%).",
    );
  });

  it('speaks of no second place that has nothing of the weight', () => {
    show(0.001, 0.999, 0, 0, 0, 0);
    expect(said()).toBe(
      "What spoke for “Viral pneumonia” lies mostly in the patient's left upper zone (100% of the map's weight).",
    );
  });

  it('is spread out where no sixth stands out', () => {
    show(0.2, 0.25, 0.15, 0.15, 0.1, 0.15);
    expect(said()).toBe(
      "What spoke for “Viral pneumonia” is spread over the film; the most of it, 25%, lies in the patient's left upper zone.",
    );
  });

  it('is nowhere where the map is empty', () => {
    show(0, 0, 0, 0, 0, 0);
    expect(said()).toBe('The map is empty: no part of the film stood out.');
  });

  it('comes with what a map is not', () => {
    show(0.2, 0.8, 0, 0, 0, 0);
    expect(screen.getByText(/no outline of a lesion/)).toBeInTheDocument();
  });
});
