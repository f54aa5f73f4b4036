import { type CSSProperties, useEffect, useRef } from 'react';
import type { ColourMap } from '@/lib/colour-map';
import type { Heatmap } from '@/lib/heatmap';
import { paintHeatmap } from '@/lib/paint-heatmap';

interface HeatLayerProps {
  map: Heatmap;
  colours: ColourMap;
  coarse: boolean;
  style: CSSProperties;
}

/** The map, stretched over the film; for those who do not see it the answer says in words where it points. */
export function HeatLayer({ map, colours, coarse, style }: HeatLayerProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return;
    const picture = paintHeatmap(map, colours, coarse);
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext('2d')?.drawImage(picture, 0, 0);
  }, [map, colours, coarse]);
  return (
    <canvas
      ref={ref}
      data-testid="heat"
      className="pointer-events-none absolute"
      style={{ ...style, imageRendering: coarse ? 'pixelated' : 'auto' }}
    />
  );
}
