/** What browsers have and jsdom lacks, as far as the page needs it. */

Blob.prototype.arrayBuffer ??= function arrayBuffer(this: Blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(this);
  });
};

/** Nothing is laid out here, so nothing changes its size. */
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

globalThis.matchMedia ??= (media) =>
  Object.assign(new EventTarget(), { media, matches: false }) as MediaQueryList;

globalThis.PointerEvent ??= class extends MouseEvent {
  readonly pointerId: number;

  constructor(type: string, { pointerId = 0, ...rest }: PointerEventInit = {}) {
    super(type, rest);
    this.pointerId = pointerId;
  }
} as unknown as typeof PointerEvent;

HTMLElement.prototype.setPointerCapture ??= () => {};
