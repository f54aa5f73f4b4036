import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { signInWith } from '@/lib/credential';

// What an HTTP header can carry.
const KEY = /^[\x21-\x7e]+$/;

/** Takes an API key. It is no password to the browser, which would offer to keep it. */
export function KeyForm() {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState(false);
  const id = useId();

  function submit(event: FormEvent) {
    event.preventDefault();
    const given = key.trim();
    setWrong(!KEY.test(given));
    if (KEY.test(given)) signInWith(given);
  }

  return (
    <form onSubmit={submit} className="grid gap-2" autoComplete="off">
      <label htmlFor={id} className="font-medium text-sm">
        {t('access.key')}
      </label>
      <div className="flex flex-wrap gap-2">
        <input
          id={id}
          type="text"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={wrong}
          aria-describedby={`${id}-means`}
          value={key}
          onChange={({ target }) => setKey(target.value)}
          className="min-h-10 min-w-0 flex-1 rounded-lg border border-line-strong bg-page px-3 text-ink text-sm [-webkit-text-security:disc]"
        />
        <Button type="submit" variant="primary">
          {t('access.use')}
        </Button>
      </div>
      {/* A new element is an alert that is heard; one that only changes may not be. */}
      <p
        key={wrong ? 'wrong' : 'means'}
        id={`${id}-means`}
        role={wrong ? 'alert' : undefined}
        className={wrong ? 'text-danger text-xs' : 'text-muted text-xs'}
      >
        {t(wrong ? 'access.wrongKey' : 'access.keyMeans')}
      </p>
    </form>
  );
}
