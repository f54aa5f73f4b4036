import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import { type ReactNode, useRef } from 'react';

interface DialogProps {
  title: string;
  closeLabel: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}

export function Dialog({ title, closeLabel, open, onOpenChange, children }: DialogProps) {
  const before = useRef<Element | null>(null);
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-20 bg-black/60" />
        <Primitive.Content
          aria-describedby={undefined}
          onOpenAutoFocus={() => {
            before.current = document.activeElement;
          }}
          onCloseAutoFocus={() => before.current instanceof HTMLElement && before.current.focus()}
          className="-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-30 max-h-[85dvh] w-[min(36rem,92vw)] overflow-y-auto rounded-xl border border-line bg-panel p-6"
        >
          <Primitive.Title className="mb-4 pe-8 font-semibold text-lg">{title}</Primitive.Title>
          {children}
          <Primitive.Close
            aria-label={closeLabel}
            className="absolute end-4 top-4 rounded-lg p-2 hover:bg-hover"
          >
            <X aria-hidden className="size-5" />
          </Primitive.Close>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
