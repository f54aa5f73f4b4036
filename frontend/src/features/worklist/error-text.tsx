import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '@/lib/api-error';
import en from '@/locales/en.json';

type Code = keyof typeof en.error;

const isKnown = (code: string): code is Code => Object.hasOwn(en.error, code);

/** Say why there is no answer and what to do, in the reader's language; in the service's own words if they are new. */
export function errorSentence({ code, message }: ApiError, t: TFunction): string {
  return isKnown(code) ? t(`error.${code}`) : message || t('error.unexpected_answer');
}

export function ErrorText({ error }: { error: ApiError }) {
  const { t } = useTranslation();
  return (
    <div className="text-danger text-xs">
      <p>{errorSentence(error, t)}</p>
      {error.requestId && (
        <p className="break-all text-muted">{t('step.requestId', { id: error.requestId })}</p>
      )}
    </div>
  );
}
