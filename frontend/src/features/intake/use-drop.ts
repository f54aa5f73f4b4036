import { useEffect } from 'react';

const isWithin = (place: string, { target }: Event) =>
  target instanceof Element && target.closest(place) !== null;

/** Take files dropped anywhere on the page; the drop zone takes its own. */
export function useDrop(onFiles: (files: File[]) => void): void {
  useEffect(() => {
    function drop(event: DragEvent) {
      if (isWithin('[data-drop-zone]', event)) return;
      const files = [...(event.dataTransfer?.files ?? [])];
      allow(event);
      if (files.length > 0) onFiles(files);
    }
    // A browser would go to a link that is dropped, and leave the films behind; text may be dropped where text is written.
    function allow(event: DragEvent) {
      const files = event.dataTransfer?.types.includes('Files');
      if (files || !isWithin('input, textarea', event)) event.preventDefault();
    }
    document.addEventListener('dragover', allow);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', allow);
      document.removeEventListener('drop', drop);
    };
  }, [onFiles]);
}
