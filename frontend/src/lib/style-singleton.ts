/**
 * Stands in for react-style-singleton, by which Radix's dialogs and menus keep the page behind them from scrolling.
 * That one writes <style> elements, which the content security policy forbids; this one adopts style sheets.
 */
import { useEffect } from 'react';

interface SheetProps {
  styles: string;
  dynamic?: boolean;
}

export function stylesheetSingleton() {
  let users = 0;
  let sheet: CSSStyleSheet | null = null;
  return {
    add(style: string): void {
      if (users === 0) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(style);
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      }
      users += 1;
    },
    remove(): void {
      users -= 1;
      if (users > 0) return;
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
      sheet = null;
    },
  };
}

export function styleHookSingleton() {
  const sheet = stylesheetSingleton();
  return function useStyle(styles: string, dynamic?: boolean): void {
    // Another text takes effect only where it was said to change, as in the original.
    const watched = dynamic ? styles : '';
    // biome-ignore lint/correctness/useExhaustiveDependencies: see above
    useEffect(() => {
      sheet.add(styles);
      return sheet.remove;
    }, [watched]);
  };
}

export function styleSingleton() {
  const useStyle = styleHookSingleton();
  return function Sheet({ styles, dynamic }: SheetProps): null {
    useStyle(styles, dynamic);
    return null;
  };
}
