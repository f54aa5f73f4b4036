import { Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { THEMES, usePreferences } from './store';

const ICONS = { system: Monitor, dark: Moon, light: Sun };

/** Goes round the themes. */
export function ThemeButton() {
  const { t } = useTranslation();
  const { theme, setTheme } = usePreferences();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const Icon = ICONS[theme];
  const label = t('preferences.theme', { theme: t(`preferences.themes.${theme}`) });
  return (
    <Button variant="ghost" size="icon" aria-label={label} title={label} onClick={() => setTheme(next)}>
      <Icon aria-hidden />
    </Button>
  );
}
