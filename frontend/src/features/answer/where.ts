import { type Answer, SIDES, ZONES, type Zone } from '@/lib/contract';
import type { Heatmap } from '@/lib/heatmap';

/** Return where an answer's map points, as the service says or else as the map shows; null where there is no map. */
export function regionsFor({ explanation }: Answer, map: Heatmap | null): Zone[] | null {
  if (!explanation) return map && regionsOf(map);
  const { zones } = explanation;
  return zones.every(({ share }) => share === 0) ? [] : heaviestFirst(zones);
}

/** Return the sixths of the film by their share of the map's weight, the heaviest first; none if the map is empty. */
export function regionsOf(map: Heatmap): Zone[] {
  const total = map.values.reduce((sum, value) => sum + value, 0);
  if (total === 0) return [];
  const regions = SIDES.flatMap((side, column) =>
    ZONES.map((zone, row) => ({ side, zone, share: weight(map, column / 2, row / 3) / total })),
  );
  return heaviestFirst(regions);
}

function heaviestFirst(regions: Zone[]): Zone[] {
  return [...regions].sort((one, other) => other.share - one.share);
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
