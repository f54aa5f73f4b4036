import { type Dispatch, type RefObject, type SetStateAction, useEffect } from 'react';
import { type Box, panBy, place, type Size, type View, zoomBy } from './view';

const WHEEL_SPEED = 0.0015;

/** Drag to move, wheel or pinch to zoom. */
export function useGestures(
  pane: RefObject<HTMLElement | null>,
  film: Size,
  whole: boolean,
  setView: Dispatch<SetStateAction<View>>,
): void {
  useWheel(pane, film, whole, setView);
  usePointers(pane, film, setView);
}

/** Zoom about the point under the wheel; at a film that is whole already, turning it back scrolls the page. */
function useWheel(
  pane: RefObject<HTMLElement | null>,
  { width, height }: Size,
  whole: boolean,
  setView: Dispatch<SetStateAction<View>>,
): void {
  useEffect(() => {
    const element = pane.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      // With Ctrl, as trackpads say that two fingers pinch, it would be the page's size that changes.
      if (whole && event.deltaY > 0 && !event.ctrlKey) return;
      event.preventDefault();
      const anchor = fromMiddle(element, event.clientX, event.clientY);
      const factor = Math.exp(-event.deltaY * WHEEL_SPEED);
      setView((view) => zoomBy(view, factor, boxIn(element, { width, height }, view), anchor));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [pane, width, height, whole, setView]);
}

/** One pointer's way moves the film, two pointers' distance zooms it. */
function usePointers(
  pane: RefObject<HTMLElement | null>,
  { width, height }: Size,
  setView: Dispatch<SetStateAction<View>>,
): void {
  useEffect(() => {
    const element = pane.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    const boxOf = (view: View) => boxIn(element, { width, height }, view);
    const anchorAt = (x: number, y: number) => fromMiddle(element, x, y);

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
      const middle = anchorAt((now.x + other.x) / 2, (now.y + other.y) / 2);
      setView((view) => zoomBy(view, factor, boxOf(view), middle));
    }

    const up = (event: PointerEvent) => void pointers.delete(event.pointerId);

    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
    };
  }, [pane, width, height, setView]);
}

function boxIn({ clientWidth, clientHeight }: HTMLElement, film: Size, view: View): Box {
  return place(film, { width: clientWidth, height: clientHeight }, view);
}

/** Return where a point of the window lies, in pixels from an element's middle. */
function fromMiddle(element: HTMLElement, x: number, y: number): { x: number; y: number } {
  const { left, top } = element.getBoundingClientRect();
  return { x: x - left - element.clientWidth / 2, y: y - top - element.clientHeight / 2 };
}

function distance(one: { x: number; y: number }, other: { x: number; y: number }): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
