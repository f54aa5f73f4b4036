import { useTranslation } from 'react-i18next';
import type { ApiError } from '@/lib/api-error';
import en from '@/locales/en.json';

type Code = keyof typeof en.error;

const isKnown = (code: string): code is Code => code in en.error;

/** Says why there is no answer and what to do, in the reader's language; the service's own words if they are new. */
export function ErrorText({ error }: { error: ApiError }) {
  const { t } = useTranslation();
  return (
    <div className="text-danger text-xs">
      <p>{isKnown(error.code) ? t(`error.${error.code}`) : error.message || t('error.unexpected_answer')}</p>
      {error.requestId && (
        <p className="break-all text-muted">{t('step.requestId', { id: error.requestId })}</p>
      )}
    </div>
  );
}
