/** What finds an answer again and makes it once more: on the page and in the report, in the same words. */
import type { TFunction } from 'i18next';
import type { Answer } from '@/lib/contract';
import { percent, seconds } from '@/lib/format';

export type Row = readonly [name: string, value: string];

export function detailRows(answer: Answer, t: TFunction, language: string): Row[] {
  const rows: Row[] = [
    [t('answer.requestId'), answer.request_id],
    [t('answer.modelVersion'), answer.model_version],
    [t('answer.duration'), seconds(answer.duration_ms, language)],
  ];
  if (answer.explanation)
    rows.push([t('answer.mapAgreement'), percent(answer.explanation.agreement, language, 0)]);
  return rows;
}

/** The film's hash is of what was sent, which the page may have changed. */
export function provenanceRows({ provenance }: Answer, changed: boolean, t: TFunction): Row[] {
  if (!provenance) return [];
  const { image_sha256, weights_sha256, settings, engine, versions } = provenance;
  const listed = (pairs: object, sign: string) =>
    Object.entries(pairs)
      .map(([name, value]) => `${name}${sign}${value}`)
      .join(', ');
  return [
    [t(changed ? 'provenance.filmAsSent' : 'provenance.film'), image_sha256],
    ...Object.entries(weights_sha256).map(
      ([network, hash]): Row => [t('provenance.weights', { network }), hash],
    ),
    [t('provenance.settings'), listed(settings, '=')],
    [t('provenance.engine'), engine],
    [t('provenance.versions'), listed(versions, ' ')],
  ];
}
