import type { Heatmap } from '@/lib/heatmap';

export const SIDES = ['right', 'left'] as const;
export const ZONES = ['upper', 'middle', 'lower'] as const;

export interface Region {
  /** The patient's, not the reader's: the patient's right is on the left of the film. */
  side: (typeof SIDES)[number];
  /** A third of the film's height. */
  zone: (typeof ZONES)[number];
  /** Of the map's whole weight, in [0, 1]. */
  share: number;
}

/** Return the sixths of the film by their share of the map's weight, the heaviest first; none if the map is empty. */
export function regionsOf(map: Heatmap): Region[] {
  const total = map.values.reduce((sum, value) => sum + value, 0);
  if (total === 0) return [];
  const regions = SIDES.flatMap((side, column) =>
    ZONES.map((zone, row) => ({ side, zone, share: weight(map, column / 2, row / 3) / total })),
  );
  return regions.sort((one, other) => other.share - one.share);
}

/** Add up the map over the sixth that begins at a point; a cell on a border counts with the part that is within. */
function weight(map: Heatmap, left: number, top: number): number {
  let sum = 0;
  map.values.forEach((value, index) => {
    const x = index % map.columns;
    const y = Math.floor(index / map.columns);
    sum += value * overlap(x, map.columns, left, 1 / 2) * overlap(y, map.rows, top, 1 / 3);
  });
  return sum;
}

/** Return the part, in [0, 1], of the index-th of `count` equal cells that lies from `start` on for `length`. */
function overlap(index: number, count: number, start: number, length: number): number {
  const from = Math.max(index, start * count);
  const to = Math.min(index + 1, (start + length) * count);
  return Math.max(0, to - from);
}
