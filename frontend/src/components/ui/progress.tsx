import { clsx } from 'clsx';
import { Progress as Primitive } from 'radix-ui';

/** A bar of a share in [0, 1]; null where it is not known how much is left. */
export function Progress({ value, label }: { value: number | null; label: string }) {
  return (
    <Primitive.Root
      value={value === null ? null : Math.round(value * 100)}
      aria-label={label}
      className="h-1 overflow-hidden rounded-full bg-track"
    >
      <Primitive.Indicator
        className={clsx(
          'h-full rounded-full bg-accent',
          value === null ? 'w-1/3 animate-sweep' : 'transition-[width]',
        )}
        style={value === null ? undefined : { width: `${value * 100}%` }}
      />
    </Primitive.Root>
  );
}
