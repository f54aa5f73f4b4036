import { useTranslation } from 'react-i18next';
import type { Answer } from '@/lib/contract';
import { detailRows, provenanceRows } from './detail-rows';

/** What is needed to find this answer again, to have it once more, or to complain about it. */
export function Details({ answer, changed }: { answer: Answer; changed: boolean }) {
  const { t, i18n } = useTranslation();
  const provenance = provenanceRows(answer, changed, t);
  return (
    <>
      <dl className="grid gap-1 text-sm">
        {detailRows(answer, t, i18n.language).map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4">
            <dt className="text-muted">{name}</dt>
            <dd className="select-all break-all text-end tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {provenance.length > 0 && (
        <details className="mt-3 text-sm">
          <summary className="cursor-pointer text-muted hover:text-ink">{t('provenance.title')}</summary>
          <dl className="mt-2 grid gap-2">
            {provenance.map(([name, value]) => (
              <div key={name}>
                <dt className="text-muted">{name}</dt>
                <dd className="select-all wrap-anywhere">{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}
