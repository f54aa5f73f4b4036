import { drawingContext } from './canvas';
import { type ColourMap, colourOf } from './colour-map';
import { cell, type Heatmap, sample } from './heatmap';

const SMOOTH_SIDE = 192;

/**
 * Return the map as a picture to be stretched over the film. Its opacity follows its values, so that where
 * the networks saw nothing the film stays as it is. Coarse: one pixel a cell, just what the networks gave.
 */
export function paintHeatmap(map: Heatmap, colours: ColourMap, coarse: boolean): HTMLCanvasElement {
  const width = coarse ? map.columns : SMOOTH_SIDE;
  const height = coarse ? map.rows : SMOOTH_SIDE;
  const context = drawingContext(width, height);
  const picture = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = coarse ? cell(map, x, y) : sample(map, (x + 0.5) / width, (y + 0.5) / height);
      picture.data.set([...colourOf(colours, value), value * 255], 4 * (y * width + x));
    }
  }
  context.putImageData(picture, 0, 0);
  return context.canvas;
}
