import { useEffect, useState } from 'react';
import type { Access } from '@/lib/contract';
import { useCredential } from '@/lib/credential';
import { getAccess } from './get-access';

/** Ask how to sign in at the start and after every refusal; null where nobody has to, or nothing is known. */
export function useAccess(): Access | null {
  const refusals = useCredential(({ refusals }) => refusals);
  const [access, setAccess] = useState<Access | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a refusal is the reason to ask again
  useEffect(() => {
    const asked = new AbortController();
    getAccess(asked.signal).then(
      (said) => {
        useCredential.setState({ required: said.required });
        setAccess(said.required ? said : null);
      },
      () => {}, // an older service knows no access control; one that cannot be reached is told of elsewhere
    );
    return () => asked.abort();
  }, [refusals]);

  return access;
}
