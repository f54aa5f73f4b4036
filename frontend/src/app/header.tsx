import { CircleQuestionMark } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { SignOutButton } from '@/features/access/sign-out-button';
import { LanguageSelect } from '@/features/preferences/language-select';
import { ThemeButton } from '@/features/preferences/theme-button';
import { ServiceIndicator } from '@/features/service/service-indicator';
import type { ServiceState } from '@/features/service/use-service-state';

export function Header({ service, onHelp }: { service: ServiceState; onHelp: () => void }) {
  const { t } = useTranslation();
  return (
    <header className="flex flex-wrap items-center gap-x-6 gap-y-1 border-line border-b bg-panel px-4 py-2">
      <h1 className="flex items-center gap-2 font-semibold">
        <img src="/icon.svg" alt="" width={24} height={24} />
        PneumoNet
      </h1>
      <ServiceIndicator state={service} />
      <div className="ms-auto flex items-center gap-1">
        <SignOutButton />
        <LanguageSelect />
        <ThemeButton />
        <Button
          variant="ghost"
          size="icon"
          aria-label={t('help.title')}
          title={t('help.title')}
          onClick={onHelp}
        >
          <CircleQuestionMark aria-hidden />
        </Button>
      </div>
    </header>
  );
}
