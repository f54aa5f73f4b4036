import { drawingContext, written } from '@/lib/canvas';

const LONG_SIDE = 2048;
const QUALITY = 0.92;

/** Return a smaller JPEG copy of a film; reject if the browser cannot read it. */
export async function shrink(file: File): Promise<File> {
  const picture = await createImageBitmap(file);
  const ratio = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [Math.round(picture.width * ratio), Math.round(picture.height * ratio)];
  const context = drawingContext(width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const blob = await written(context.canvas, 'image/jpeg', QUALITY);
  return new File([blob], file.name, { type: 'image/jpeg' });
}
