import { useTranslation } from 'react-i18next';
import type { Answer } from '@/lib/contract';
import { seconds } from '@/lib/format';

/** What is needed to find this answer again, or to complain about it. */
export function Details({ answer }: { answer: Answer }) {
  const { t, i18n } = useTranslation();
  const rows = [
    [t('answer.requestId'), answer.request_id],
    [t('answer.modelVersion'), answer.model_version],
    [t('answer.duration'), seconds(answer.duration_ms, i18n.language)],
  ];
  return (
    <dl className="grid gap-1 text-sm">
      {rows.map(([name, value]) => (
        <div key={name} className="flex justify-between gap-4">
          <dt className="shrink-0 text-muted">{name}</dt>
          <dd className="select-all break-all text-end tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
