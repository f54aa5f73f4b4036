import { transferOf, type Window } from './settings';

/** An SVG filter that shows a window of the grey levels: a straight line, clipped at black and white. */
export function WindowFilter({ id, window, inverted }: { id: string; window: Window; inverted: boolean }) {
  const line = transferOf(window, inverted);
  return (
    <svg aria-hidden="true" className="absolute size-0">
      <filter id={id} colorInterpolationFilters="sRGB">
        <feComponentTransfer>
          <feFuncR type="linear" {...line} />
          <feFuncG type="linear" {...line} />
          <feFuncB type="linear" {...line} />
        </feComponentTransfer>
      </filter>
    </svg>
  );
}
