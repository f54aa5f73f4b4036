import { FileQuestionMark } from 'lucide-react';
import { useState } from 'react';

export function Thumbnail({ url }: { url: string }) {
  const [broken, setBroken] = useState(false);
  return (
    <span className="grid size-11 shrink-0 place-items-center overflow-hidden rounded bg-black text-white">
      {broken ? (
        <FileQuestionMark aria-hidden className="size-5" />
      ) : (
        <img
          loading="lazy"
          decoding="async"
          src={url}
          alt=""
          className="size-full object-contain"
          onError={() => setBroken(true)}
        />
      )}
    </span>
  );
}
