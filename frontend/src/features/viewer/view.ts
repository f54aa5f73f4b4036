/** Where a reader looks: how many times larger than fitting the pane, and which point of the film is in its middle. */
export interface View {
  readonly zoom: number;
  /** Shares of the film's width and height. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
export const MOST_ZOOM = 16;

/** Return where the film lies in the pane, in pixels: its aspect kept, and whole at zoom 1. */
export function place(film: Size, pane: Size, view: View): Box {
  const scale = Math.min(pane.width / film.width, pane.height / film.height) * view.zoom;
  const width = film.width * scale;
  const height = film.height * scale;
  return { width, height, left: pane.width / 2 - view.x * width, top: pane.height / 2 - view.y * height };
}

/** Zoom by a factor; the point of the film under the anchor (pixels from the pane's middle) stays under it. */
export function zoomBy(view: View, factor: number, box: Size, anchor = { x: 0, y: 0 }): View {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MOST_ZOOM);
  const shift = 1 - view.zoom / zoom;
  return clamp({
    zoom,
    x: view.x + (anchor.x / box.width) * shift,
    y: view.y + (anchor.y / box.height) * shift,
  });
}

/** Move the film by so many pixels. */
export function panBy(view: View, dx: number, dy: number, box: Size): View {
  return clamp({ ...view, x: view.x - dx / box.width, y: view.y - dy / box.height });
}

/** Keep the film in the pane: its middle at zoom 1, and no further out than its rim when larger. */
function clamp({ zoom, x, y }: View): View {
  const reach = 0.5 - 0.5 / zoom;
  const within = (share: number) => Math.min(Math.max(share, 0.5 - reach), 0.5 + reach);
  return { zoom, x: within(x), y: within(y) };
}
