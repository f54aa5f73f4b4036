import { type Dispatch, type RefObject, type SetStateAction, useEffect } from 'react';
import { panBy, place, type Size, type View, zoomBy } from './view';

const WHEEL_SPEED = 0.0015;

/** Drag to move, wheel or pinch to zoom: one pointer's way moves the film, two pointers' distance zooms it. */
export function useGestures(
  pane: RefObject<HTMLElement | null>,
  film: Size,
  setView: Dispatch<SetStateAction<View>>,
): void {
  const { width, height } = film;
  useEffect(() => {
    const element = pane.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    const boxOf = (view: View) =>
      place({ width, height }, { width: element.clientWidth, height: element.clientHeight }, view);
    const fromMiddle = (x: number, y: number) => {
      const { left, top } = element.getBoundingClientRect();
      return { x: x - left - element.clientWidth / 2, y: y - top - element.clientHeight / 2 };
    };

    function wheel(event: WheelEvent) {
      event.preventDefault();
      const anchor = fromMiddle(event.clientX, event.clientY);
      setView((view) => zoomBy(view, Math.exp(-event.deltaY * WHEEL_SPEED), boxOf(view), anchor));
    }

    function down(event: PointerEvent) {
      if (event.button !== 0) return;
      element?.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    }

    function move(event: PointerEvent) {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      if (!other) {
        setView((view) => panBy(view, now.x - before.x, now.y - before.y, boxOf(view)));
        return;
      }
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      const middle = fromMiddle((now.x + other.x) / 2, (now.y + other.y) / 2);
      setView((view) => zoomBy(view, factor, boxOf(view), middle));
    }

    const up = (event: PointerEvent) => void pointers.delete(event.pointerId);

    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    return () => {
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
    };
  }, [pane, width, height, setView]);
}

function distance(one: { x: number; y: number }, other: { x: number; y: number }): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
