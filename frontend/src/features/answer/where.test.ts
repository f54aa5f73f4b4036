import { describe, expect, it } from 'vitest';
import { SIDES, ZONES } from '@/lib/contract';
import type { Heatmap } from '@/lib/heatmap';
import { answerOf, explanationOf } from '@/testing/answers';
import { regionsFor, regionsOf } from './where';

/** Return a map of seven by seven cells with so much weight in some. */
function mapOf(weights: Record<string, number>): Heatmap {
  const values = new Float32Array(49);
  for (const [place, weight] of Object.entries(weights)) {
    const [column = 0, row = 0] = place.split(',').map(Number);
    values[row * 7 + column] = weight;
  }
  return { columns: 7, rows: 7, values };
}

const sum = (map: Heatmap) => regionsOf(map).reduce((total, { share }) => total + share, 0);

describe('where an answer points', () => {
  const map = mapOf({ '1,6': 1 });

  it('is what the service says, where it says it', () => {
    const explanation = explanationOf(0.1, 0, 0, 0.2, 0.7, 0);
    const regions = regionsFor(answerOf({ explanation }), map);
    expect(regions?.slice(0, 2)).toEqual([
      { side: 'left', zone: 'middle', share: 0.7 },
      { side: 'left', zone: 'upper', share: 0.2 },
    ]);
  });

  it.each([undefined, null])('is what the map shows where the service says %s', (explanation) => {
    const answer = answerOf(explanation === undefined ? {} : { explanation });
    expect(regionsFor(answer, map)).toEqual(regionsOf(map));
  });

  it('is nowhere where the service found an empty map', () => {
    expect(regionsFor(answerOf({ explanation: explanationOf(0, 0, 0, 0, 0, 0) }), map)).toEqual([]);
  });

  it('is not known without either', () => {
    expect(regionsFor(answerOf(), null)).toBeNull();
  });
});

describe('the sixths of a film', () => {
  // The patient's right is on the left of the film.
  it.each([
    [1, 0, 'right', 'upper'],
    [1, 3, 'right', 'middle'],
    [1, 6, 'right', 'lower'],
    [5, 0, 'left', 'upper'],
    [5, 3, 'left', 'middle'],
    [5, 6, 'left', 'lower'],
  ])('with only column %i, row %i hot are led by the patient’s %s %s zone', (column, row, side, zone) => {
    const [first, ...others] = regionsOf(mapOf({ [`${column},${row}`]: 0.7 }));
    expect(first).toMatchObject({ side, zone });
    expect(first?.share).toBeCloseTo(1, 6);
    for (const other of others) expect(other.share).toBeCloseTo(0, 6);
  });

  it('share a cell that lies across their border', () => {
    const shares = regionsOf(mapOf({ '3,2': 1 })); // the middle column; a third of row 2 is above the upper border
    const of = (side: string, zone: string) =>
      shares.find((region) => region.side === side && region.zone === zone)?.share;
    for (const side of SIDES) {
      expect(of(side, 'upper')).toBeCloseTo(1 / 6, 6);
      expect(of(side, 'middle')).toBeCloseTo(2 / 6, 6);
      expect(of(side, 'lower')).toBeCloseTo(0, 6);
    }
  });

  it('stand in the order of their weight', () => {
    const map = mapOf({ '0,0': 0.2, '6,6': 0.5, '0,6': 0.3 });
    expect(regionsOf(map).slice(0, 3)).toMatchObject([
      { side: 'left', zone: 'lower' },
      { side: 'right', zone: 'lower' },
      { side: 'right', zone: 'upper' },
    ]);
    expect(regionsOf(map)[0]?.share).toBeCloseTo(0.5, 6);
  });

  it.each([
    [7, 7],
    [1, 1],
    [12, 5],
  ])('share the whole of a map of %i by %i cells', (columns, rows) => {
    const values = Float32Array.from({ length: columns * rows }, (_, index) => (index * 37 + 11) % 101);
    expect(regionsOf({ columns, rows, values })).toHaveLength(SIDES.length * ZONES.length);
    expect(sum({ columns, rows, values })).toBeCloseTo(1, 6);
  });

  it('are none where the map is empty', () => {
    expect(regionsOf(mapOf({}))).toEqual([]);
  });
});
