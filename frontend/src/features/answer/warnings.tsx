import { TriangleAlert } from 'lucide-react';
import type { Answer } from '@/lib/contract';

export function Warnings({ warnings }: { warnings: Answer['warnings'] | undefined }) {
  return warnings?.map(({ code, message }) => (
    <p key={code} className="flex gap-2 rounded-xl border border-caution bg-caution-soft p-3 text-sm">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-caution" />
      {message}
    </p>
  ));
}
