import { Slider as Primitive } from 'radix-ui';
import { useId } from 'react';

interface SliderProps {
  label: string;
  value: number;
  min?: number;
  max?: number;
  step?: number;
  disabled?: boolean;
  /** What the value means in words, shown beside the label and read aloud. */
  text: string;
  onChange: (value: number) => void;
}

export function Slider({
  label,
  value,
  min = 0,
  max = 1,
  step = 0.01,
  disabled = false,
  text,
  onChange,
}: SliderProps) {
  const id = useId();
  return (
    <div className="min-w-28 flex-1">
      <div className="flex justify-between gap-2 text-sm">
        <span id={id}>{label}</span>
        <span className="text-muted tabular-nums">{text}</span>
      </div>
      <Primitive.Root
        value={[value]}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        onValueChange={([next]) => next !== undefined && onChange(next)}
        className="relative flex h-6 touch-none select-none items-center data-disabled:opacity-50"
      >
        <Primitive.Track className="relative h-1 grow rounded-full bg-track">
          <Primitive.Range className="absolute h-full rounded-full bg-accent" />
        </Primitive.Track>
        <Primitive.Thumb
          aria-labelledby={id}
          aria-valuetext={text}
          className="block size-5 rounded-full border-2 border-accent bg-panel"
        />
      </Primitive.Root>
    </div>
  );
}
