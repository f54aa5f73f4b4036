import { CircleAlert, CircleCheck, CircleQuestionMark, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { Tone } from '@/components/ui/badge';
import type { RiskCode } from '@/lib/contract';

/** How a risk looks; nothing but `risk_code` decides it. */
export const RISKS: Record<RiskCode, { icon: LucideIcon; tone: Tone }> = {
  high: { icon: TriangleAlert, tone: 'danger' },
  medium: { icon: CircleAlert, tone: 'caution' },
  indeterminate: { icon: CircleQuestionMark, tone: 'question' },
  none: { icon: CircleCheck, tone: 'calm' },
};
