import { useEffect, useState } from 'react';
import { type Heatmap, readHeatmap } from '@/lib/heatmap';

/** Return the map of an answer's `heatmap_image`; null while there is none. */
export function useHeatmap(dataUri: string | null): Heatmap | null {
  const [read, setRead] = useState<{ dataUri: string; map: Heatmap } | null>(null);
  useEffect(() => {
    let wanted = true;
    if (dataUri) {
      readHeatmap(dataUri).then(
        (map) => wanted && setRead({ dataUri, map }),
        () => {}, // a map that cannot be read is no map
      );
    }
    return () => {
      wanted = false;
    };
  }, [dataUri]);
  return read?.dataUri === dataUri ? read.map : null;
}
