import { useTranslation } from 'react-i18next';
import { DropZone } from '@/features/intake/drop-zone';

const FACTS = ['answer', 'privacy', 'limits'] as const;

/** An empty page: what to do, and what to expect. */
export function Welcome({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation();
  return (
    <div className="mx-auto grid w-full max-w-3xl flex-1 content-center gap-6 p-4">
      <h2 className="text-center font-semibold text-3xl leading-tight">{t('welcome.title')}</h2>
      <DropZone large onFiles={onFiles} />
      <ul className="grid gap-4 text-sm sm:grid-cols-3">
        {FACTS.map((fact) => (
          <li key={fact}>
            <h3 className="font-semibold">{t(`welcome.${fact}.title`)}</h3>
            <p className="mt-1 text-muted">{t(`welcome.${fact}.text`)}</p>
          </li>
        ))}
      </ul>
    </div>
  );
}
