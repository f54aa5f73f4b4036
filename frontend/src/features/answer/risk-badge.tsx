import { useTranslation } from 'react-i18next';
import { Badge } from '@/components/ui/badge';
import type { RiskCode } from '@/lib/contract';
import { RISKS } from './risk';

export function RiskBadge({ code, short = false }: { code: RiskCode; short?: boolean }) {
  const { t } = useTranslation();
  const { icon: Icon, tone } = RISKS[code];
  return (
    <Badge tone={tone} data-risk={code}>
      <Icon aria-hidden />
      {t(short ? `riskShort.${code}` : `risk.${code}`)}
    </Badge>
  );
}
