import { Switch as Primitive } from 'radix-ui';
import { useId } from 'react';

export function Switch({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="flex min-h-9 items-center gap-3">
      <Primitive.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        className="h-6 w-10 shrink-0 rounded-full border border-line-strong bg-track p-0.5 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Primitive.Thumb className="block size-4.5 rounded-full bg-panel transition-transform data-[state=checked]:translate-x-4 data-[state=unchecked]:border data-[state=unchecked]:border-line-strong" />
      </Primitive.Root>
      <label htmlFor={id} className="text-sm">
        {label}
      </label>
    </div>
  );
}
