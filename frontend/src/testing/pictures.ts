import { vi } from 'vitest';

/** Let every picture that is loaded have this size, or be unreadable: jsdom loads none. */
export function stubPictures(size: { width: number; height: number } | 'unreadable'): void {
  const readable = size !== 'unreadable';
  class Picture extends EventTarget {
    onload: (() => void) | null = null;
    onerror: (() => void) | null = null;
    readonly naturalWidth = readable ? size.width : 0;
    readonly naturalHeight = readable ? size.height : 0;

    set src(_: string) {
      queueMicrotask(() => (readable ? this.onload?.() : this.onerror?.()));
    }

    async decode() {
      if (!readable) throw new DOMException('The source image cannot be decoded.', 'EncodingError');
    }
  }
  vi.stubGlobal('Image', Picture);
}
