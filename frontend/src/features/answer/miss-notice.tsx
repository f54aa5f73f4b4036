import { useTranslation } from 'react-i18next';
import { missSentence } from './sentences';

/** Beside a normal answer: how often it hides a pneumonia. */
export function MissNotice({ version }: { version: string }) {
  const { t, i18n } = useTranslation();
  return (
    <p className="rounded-xl border border-caution bg-caution-soft p-3 text-sm">
      {missSentence(version, t, i18n.language)}
    </p>
  );
}
