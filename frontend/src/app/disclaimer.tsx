import { useTranslation } from 'react-i18next';

/** Always in view, on every screen. */
export function Disclaimer() {
  const { t } = useTranslation();
  return (
    <footer className="sticky bottom-0 z-10 border-line border-t bg-panel px-4 py-2 text-center text-muted text-xs">
      {t('disclaimer')}
    </footer>
  );
}
