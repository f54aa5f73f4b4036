import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/dialog';
import { Switch } from '@/components/ui/switch';
import { usePreferences } from '@/features/preferences/store';

const KEYS = ['h', 'g', 's', 'i', 'r', 'j', 'k'] as const;

export function Help({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation();
  const { shortcuts, setShortcuts } = usePreferences();
  return (
    <Dialog title={t('help.title')} closeLabel={t('help.close')} open={open} onOpenChange={onOpenChange}>
      <div className="grid gap-4 text-sm">
        <p>{t('help.about')}</p>
        <p>{t('help.limits')}</p>
        <h3 className="font-semibold">{t('help.keys')}</h3>
        <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-1">
          {[
            ...KEYS.map((key) => [key.toUpperCase(), t(`help.key.${key}`)]),
            ['+ − 0 ← ↑ → ↓', t('help.key.pane')],
          ].map(([key, meaning]) => (
            <div key={key} className="contents">
              <dt>
                <kbd className="rounded border border-line-strong bg-raised px-2 py-0.5">{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <Switch label={t('help.keysOn')} checked={shortcuts} onChange={setShortcuts} />
      </div>
    </Dialog>
  );
}
