import { ClipboardCheck, ClipboardCopy, FileDown } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { save } from './save';
import type { ReportSubject } from './write-report';

/** Take the answer along: a page of paper for people, JSON for programs. */
export function ReportButtons(subject: ReportSubject) {
  const { t, i18n } = useTranslation();
  const [state, setState] = useState<'idle' | 'writing' | 'copied' | 'failed'>('idle');
  const { answer, changes } = subject;

  async function download() {
    setState('writing');
    try {
      const { writeReport } = await import('./write-report'); // the PDF writer is large, and seldom wanted
      save(await writeReport(subject, t, i18n.language), `pneumonet-${answer.request_id}.pdf`);
      setState('idle');
    } catch {
      setState('failed');
    }
  }

  async function copy() {
    try {
      const said = changes ? { ...answer, page: changes } : answer;
      await navigator.clipboard.writeText(JSON.stringify(said, null, 2));
      setState('copied');
    } catch {
      setState('failed');
    }
  }

  return (
    <div className="flex flex-wrap gap-2">
      <Button className="flex-1" disabled={state === 'writing'} onClick={download}>
        <FileDown aria-hidden />
        {t(state === 'writing' ? 'report.writing' : 'report.download')}
      </Button>
      <Button className="flex-1" onClick={copy}>
        {state === 'copied' ? <ClipboardCheck aria-hidden /> : <ClipboardCopy aria-hidden />}
        {t(state === 'copied' ? 'report.copied' : 'report.copy')}
      </Button>
      <p role="status" className="w-full text-sm">
        {state === 'failed' && <span className="text-danger">{t('report.failed')}</span>}
        {state === 'copied' && <span className="sr-only">{t('report.copied')}</span>}
      </p>
    </div>
  );
}
