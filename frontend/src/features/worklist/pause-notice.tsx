import { useEffect, useReducer, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { seconds } from '@/lib/format';
import { useWorklist } from './store';

const SECOND_MS = 1000;

/** Says for how long nothing is sent because the service asked for that: aloud once, and in view as the time passes. */
export function PauseNotice() {
  const until = useWorklist(({ pausedUntil }) => pausedUntil);
  const waiting = useWorklist(({ films }) => films.some(({ step }) => step.name === 'waiting'));
  const [, look] = useReducer((looked: number) => looked + 1, 0);
  const left = Math.ceil((until - Date.now()) / SECOND_MS) * SECOND_MS;
  const pauses = waiting && left > 0;

  useEffect(() => {
    if (!pauses) return;
    const timer = setInterval(look, SECOND_MS);
    return () => clearInterval(timer);
  }, [pauses]);

  return (
    <>
      <p role="status" className="sr-only">
        {pauses && <Told key={until} time={left} />}
      </p>
      {pauses && (
        <p aria-hidden className="text-muted text-xs">
          <Sentence time={left} />
        </p>
      )}
    </>
  );
}

/** Keeps to the time that it was given first: what changes each second would be read aloud each second. */
function Told({ time }: { time: number }) {
  const [first] = useState(time);
  return <Sentence time={first} />;
}

function Sentence({ time }: { time: number }) {
  const { t, i18n } = useTranslation();
  return t('worklist.pause', { time: seconds(time, i18n.language) });
}
