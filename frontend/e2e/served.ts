/** Before all tests in the browser: one service, and drawn films to show it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { PYTHON, ROOT, startService } from './service';

const DRAW = `
import sys
from pathlib import Path
import cv2
import numpy as np
from backend.inference.overlay import encode_png
from backend.inference.synthetic import draw_chest_film
folder = Path(sys.argv[1])
(folder / 'opacity.png').write_bytes(encode_png(draw_chest_film(opacity=True)))
lying = np.rot90(draw_chest_film(opacity=True), -1).astype(np.uint16) * 257
(folder / 'sixteen.png').write_bytes(cv2.imencode('.png', lying)[1].tobytes())
(folder / 'clear.png').write_bytes(encode_png(draw_chest_film(900, 700, seed=5)))
(folder / 'large.png').write_bytes(encode_png(draw_chest_film(1800, 2700, seed=3)))
`;

export interface Films {
  opacity: string;
  /** The same, in sixteen bits and lying on its right side. */
  sixteen: string;
  clear: string;
  large: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
    films: Films;
  }
}

export default async function setup({ provide }: TestProject) {
  if (!existsSync(`${ROOT}frontend/dist/index.html`))
    throw new Error('The page is not built: run make page.');
  const folder = mkdtempSync(join(tmpdir(), 'films-'));
  execFileSync(PYTHON, ['-c', DRAW, folder], { cwd: ROOT, stdio: 'inherit' });
  const path = (name: keyof Films) => join(folder, `${name}.png`);
  const service = await startService();
  provide('url', service.url);
  provide('films', {
    opacity: path('opacity'),
    sixteen: path('sixteen'),
    clear: path('clear'),
    large: path('large'),
  });
  return async () => {
    await service.stop();
    rmSync(folder, { recursive: true });
  };
}
