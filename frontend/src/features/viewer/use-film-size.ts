import { useEffect, useState } from 'react';
import type { Size } from './view';

/** Return a picture's size as it is shown; null while it loads, 'unreadable' if this browser cannot show it. */
export function useFilmSize(url: string): Size | null | 'unreadable' {
  const [found, setFound] = useState<{ url: string; size: Size | 'unreadable' } | null>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setFound({ url, size: { width: image.naturalWidth, height: image.naturalHeight } });
    image.onerror = () => setFound({ url, size: 'unreadable' });
    image.src = url;
    return () => {
      image.onload = null;
      image.onerror = null;
    };
  }, [url]);
  return found?.url === url ? found.size : null;
}
