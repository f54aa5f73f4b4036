import { cva, type VariantProps } from 'class-variance-authority';
import { clsx } from 'clsx';
import type { ComponentProps } from 'react';

const badge = cva(
  'inline-flex items-center gap-1.5 rounded-full border px-2.5 py-0.5 font-medium text-sm [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      tone: {
        neutral: 'border-line bg-raised text-ink',
        danger: 'border-danger bg-danger-soft text-danger',
        caution: 'border-caution bg-caution-soft text-caution',
        question: 'border-question border-dashed bg-question-soft text-question',
        calm: 'border-calm bg-calm-soft text-calm',
      },
    },
    defaultVariants: { tone: 'neutral' },
  },
);

export type Tone = NonNullable<VariantProps<typeof badge>['tone']>;

export function Badge({ className, tone, ...props }: ComponentProps<'span'> & { tone?: Tone }) {
  return <span className={clsx(badge({ tone }), className)} {...props} />;
}
