import { drawingContext } from '@/lib/canvas';
import type { ColourMap } from '@/lib/colour-map';
import type { Heatmap } from '@/lib/heatmap';
import { paintHeatmap } from '@/lib/paint-heatmap';

const LONG_SIDE = 1200;
const OPACITY = 0.6;

export interface FilmPictures {
  film: HTMLCanvasElement;
  /** The map over the film; null where there is no map. */
  overlay: HTMLCanvasElement | null;
}

/** Draw a film and its overlay as large as paper can show, in the film's own aspect. */
export async function drawPictures(
  url: string,
  map: Heatmap | null,
  colours: ColourMap,
  coarse: boolean,
): Promise<FilmPictures> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const ratio = Math.min(1, LONG_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const width = Math.max(1, Math.round(image.naturalWidth * ratio));
  const height = Math.max(1, Math.round(image.naturalHeight * ratio));
  const draw = () => {
    const context = drawingContext(width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, width, height);
    return context;
  };
  return { film: draw().canvas, overlay: map && withMap(draw(), paintHeatmap(map, colours, coarse), coarse) };
}

function withMap(
  context: CanvasRenderingContext2D,
  heat: HTMLCanvasElement,
  coarse: boolean,
): HTMLCanvasElement {
  context.globalAlpha = OPACITY;
  context.imageSmoothingEnabled = !coarse; // cells keep their edges
  context.drawImage(heat, 0, 0, context.canvas.width, context.canvas.height);
  return context.canvas;
}
