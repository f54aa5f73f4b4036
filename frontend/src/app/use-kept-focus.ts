import { type RefObject, useEffect } from 'react';

/** Give the keyboard to this element when what had it goes from the page, lest its reader start at the top again. */
export function useKeptFocus(home: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let last: Element | null = null;
    const come = ({ target }: FocusEvent) => {
      last = target instanceof Element ? target : null;
    };
    // What its reader left is not lost; what was disabled under them, or taken away, is. Some browsers tell of that
    // while it is still there, so it is looked at after that.
    const leave = ({ target }: FocusEvent) =>
      queueMicrotask(() => {
        if (target === last && last?.isConnected && !last.matches(':disabled')) last = null;
      });
    const seek = () => {
      if (!last || last.isConnected) return;
      last = null;
      if (document.activeElement === document.body) home.current?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(seek);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener('focusin', come);
    document.addEventListener('focusout', leave);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusin', come);
      document.removeEventListener('focusout', leave);
    };
  }, [home]);
}
