import { Tabs as Primitive } from 'radix-ui';
import type { ComponentProps } from 'react';

export const Tabs = Primitive.Root;
export const TabsContent = Primitive.Content;

export function TabsList(props: ComponentProps<typeof Primitive.List>) {
  return <Primitive.List className="mb-3 flex gap-1 border-line border-b" {...props} />;
}

export function TabsTrigger(props: ComponentProps<typeof Primitive.Trigger>) {
  return (
    <Primitive.Trigger
      className="-mb-px min-h-9 border-transparent border-b-2 px-2 font-medium text-muted text-sm hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
      {...props}
    />
  );
}
