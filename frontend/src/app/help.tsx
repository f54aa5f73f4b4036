import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/dialog';
import { Switch } from '@/components/ui/switch';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { usePreferences } from '@/features/preferences/store';
import { SHORTCUTS } from './use-shortcuts';

const KEYS = Object.keys(SHORTCUTS) as (keyof typeof SHORTCUTS)[];

export function Help({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('help.title')} closeLabel={t('help.close')} open={open} onOpenChange={onOpenChange}>
      <Tabs defaultValue="about" className="text-sm">
        <TabsList aria-label={t('help.title')}>
          <TabsTrigger value="about">{t('help.aboutTab')}</TabsTrigger>
          <TabsTrigger value="keys">{t('help.keys')}</TabsTrigger>
        </TabsList>
        <TabsContent value="about" className="grid gap-4">
          <p>{t('help.about')}</p>
          <p>{t('help.doubt')}</p>
          <p>{t('help.limits')}</p>
        </TabsContent>
        <TabsContent value="keys">
          <Keys />
        </TabsContent>
      </Tabs>
    </Dialog>
  );
}

function Keys() {
  const { t } = useTranslation();
  const { shortcuts, setShortcuts } = usePreferences();
  const rows = KEYS.map((key) => [key.toUpperCase(), t(`help.key.${key}`)]);
  return (
    <div className="grid gap-4">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-1">
        {[...rows, ['+ − 0 ← ↑ → ↓', t('help.key.pane')]].map(([key, meaning]) => (
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
  );
}
