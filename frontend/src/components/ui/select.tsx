import { clsx } from 'clsx';
import type { ComponentProps } from 'react';

/** The browser's own select: at home on phones and with screen readers. */
export function Select({ className, ...props }: ComponentProps<'select'>) {
  return (
    <select
      className={clsx('min-h-9 rounded-lg border border-line bg-raised px-2 text-ink text-sm', className)}
      {...props}
    />
  );
}
