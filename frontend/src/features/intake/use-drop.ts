import { useEffect } from 'react';

/** Take files dropped anywhere on the page; the drop zone takes its own. */
export function useDrop(onFiles: (files: File[]) => void): void {
  useEffect(() => {
    function drop(event: DragEvent) {
      const inZone = event.target instanceof Element && event.target.closest('[data-drop-zone]');
      const files = [...(event.dataTransfer?.files ?? [])];
      if (inZone || files.length === 0) return;
      event.preventDefault();
      onFiles(files);
    }
    const allow = (event: DragEvent) => event.preventDefault();
    document.addEventListener('dragover', allow);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', allow);
      document.removeEventListener('drop', drop);
    };
  }, [onFiles]);
}
