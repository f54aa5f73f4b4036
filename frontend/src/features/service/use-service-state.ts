import { useEffect, useState } from 'react';
import { getHealth } from './get-health';

export type ServiceState = 'asking' | 'starting' | 'ready' | 'unhealthy' | 'unreachable';

const CALM_MS = 20_000;
const EAGER_MS = 4_000;
const DELAYS_MS = {
  asking: EAGER_MS,
  ready: CALM_MS,
  starting: 10_000,
  unhealthy: CALM_MS,
  unreachable: EAGER_MS,
};
const STATES = { healthy: 'ready', starting: 'starting', unhealthy: 'unhealthy' } as const;

/** Ask /health now, then calmly, or often while it cannot be reached; a hidden page does not ask. */
export function useServiceState(): ServiceState {
  const [state, setState] = useState<ServiceState>('asking');

  useEffect(() => {
    let asked = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function ask() {
      clearTimeout(timer);
      asked.abort();
      const current = new AbortController();
      asked = current;
      let found: ServiceState = 'unreachable';
      try {
        found = STATES[(await getHealth(current.signal)).status];
      } catch {
        // Whatever went wrong, the service cannot be had.
      }
      if (current.signal.aborted) return;
      setState(found);
      if (!document.hidden) timer = setTimeout(ask, DELAYS_MS[found]);
    }

    const askIfSeen = () => void (document.hidden ? clearTimeout(timer) : ask());
    void ask();
    document.addEventListener('visibilitychange', askIfSeen);
    window.addEventListener('online', askIfSeen);
    window.addEventListener('offline', askIfSeen);
    return () => {
      asked.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', askIfSeen);
      window.removeEventListener('online', askIfSeen);
      window.removeEventListener('offline', askIfSeen);
    };
  }, []);

  return state;
}
