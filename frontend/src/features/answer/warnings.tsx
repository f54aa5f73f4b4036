import { Contrast, type LucideIcon, OctagonAlert, RotateCcw, RotateCw, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import type { Correction, Warning } from '@/lib/contract';
import { warningSentence } from '@/lib/doubt';

const isUnusual = ({ code }: Warning) => code === 'unusual';

/** Before everything else: the picture was no chest radiograph to the service, and was read at the reader's wish. */
export function Unusual({ warnings }: { warnings: Warning[] }) {
  const { t } = useTranslation();
  return warnings.filter(isUnusual).map((warning) => (
    <p
      key={warning.code}
      className="flex gap-3 rounded-xl border-2 border-danger bg-danger-soft p-4 font-semibold text-danger"
    >
      <OctagonAlert aria-hidden className="mt-0.5 size-6 shrink-0" />
      {warningSentence(warning, t)}
    </p>
  ));
}

interface WarningsProps {
  warnings: Warning[];
  onCorrect: ((correction: Correction) => Promise<void>) | null;
}

/** What is odd about the film; where that can be put right, the way to it. */
export function Warnings({ warnings, onCorrect }: WarningsProps) {
  const { t } = useTranslation();
  const others = warnings.filter((warning) => !isUnusual(warning));
  return others.map((warning) => (
    <div key={warning.code} className="rounded-xl border border-caution bg-caution-soft p-3 text-sm">
      <p className="flex gap-2">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-caution" />
        {warningSentence(warning, t)}
      </p>
      {warning.correction && onCorrect && (
        <CorrectionOffer correction={warning.correction} onCorrect={onCorrect} />
      )}
    </div>
  ));
}

const ICONS: Record<Correction, LucideIcon> = {
  invert: Contrast,
  rotate_90: RotateCcw,
  rotate_180: RotateCcw,
  rotate_270: RotateCw,
};

interface CorrectionOfferProps {
  correction: Correction;
  onCorrect: (correction: Correction) => Promise<void>;
}

function CorrectionOffer({ correction, onCorrect }: CorrectionOfferProps) {
  const { t } = useTranslation();
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle');
  const Icon = ICONS[correction];
  function ask() {
    setState('busy');
    onCorrect(correction).then(
      () => setState('idle'),
      () => setState('failed'),
    );
  }
  return (
    <div className="mt-2 ms-6 grid justify-items-start gap-1">
      <Button size="sm" disabled={state === 'busy'} onClick={ask}>
        <Icon aria-hidden />
        {t(`correction.offer.${correction}`)}
      </Button>
      <p role="status">
        {state === 'failed' && <span className="text-danger">{t('correction.failed')}</span>}
      </p>
    </div>
  );
}
