/** Return a canvas's context to draw with; the canvas is in no document. */
export function drawingContext(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser cannot draw.');
  return context;
}

/** Return a canvas as a file of this type; reject if the browser cannot write it. */
export function written(canvas: HTMLCanvasElement, type: string, quality?: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) =>
      blob ? resolve(blob) : reject(new Error('The copy could not be written.'));
    canvas.toBlob(done, type, quality);
  });
}
