import { drawingContext } from './canvas';

/** The networks' own grid over the whole film. */
export interface Heatmap {
  readonly columns: number;
  readonly rows: number;
  /** Row by row from the top left, each in [0, 1]. */
  readonly values: Float32Array;
}

/** Read `heatmap_image`, a PNG of one grey pixel a cell; reject if it is no picture. */
export async function readHeatmap(dataUri: string): Promise<Heatmap> {
  const image = new Image();
  image.src = dataUri;
  await image.decode();
  const { naturalWidth: columns, naturalHeight: rows } = image;
  const context = drawingContext(columns, rows);
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, columns, rows);
  return {
    columns,
    rows,
    values: Float32Array.from({ length: columns * rows }, (_, i) => (data[4 * i] ?? 0) / 255),
  };
}

/** Return the map at a point of the film (shares of width and height), linear between the cells' middles. */
export function sample(map: Heatmap, x: number, y: number): number {
  const column = x * map.columns - 0.5;
  const row = y * map.rows - 0.5;
  const left = Math.floor(column);
  const top = Math.floor(row);
  const [right, down] = [column - left, row - top];
  const upper = cell(map, left, top) * (1 - right) + cell(map, left + 1, top) * right;
  const lower = cell(map, left, top + 1) * (1 - right) + cell(map, left + 1, top + 1) * right;
  return upper * (1 - down) + lower * down;
}

/** Return the value of the nearest cell; outside the grid its rim goes on. */
export function cell(map: Heatmap, column: number, row: number): number {
  const inside = (index: number, length: number) => Math.min(Math.max(index, 0), length - 1);
  return map.values[inside(row, map.rows) * map.columns + inside(column, map.columns)] ?? 0;
}
