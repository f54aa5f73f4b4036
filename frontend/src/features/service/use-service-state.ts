import { useEffect, useState } from 'react';
import { getHealth } from './get-health';

export type ServiceState = 'asking' | 'starting' | 'ready' | 'unhealthy' | 'unreachable';

const CALM_MS = 20_000;
const EAGER_MS = 4_000;
const STATES = { healthy: 'ready', starting: 'starting', unhealthy: 'unhealthy' } as const;

/** Ask /health now, then calmly while all is well and often while it is not; a hidden page does not ask. */
export function useServiceState(): ServiceState {
  const [state, setState] = useState<ServiceState>('asking');

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function ask() {
      clearTimeout(timer);
      let found: ServiceState = 'unreachable';
      try {
        found = STATES[(await getHealth(controller.signal)).status];
      } catch {
        // Whatever went wrong, the service cannot be had.
      }
      if (controller.signal.aborted) return;
      setState(found);
      if (!document.hidden) timer = setTimeout(ask, found === 'ready' ? CALM_MS : EAGER_MS);
    }

    const askIfSeen = () => void (document.hidden || ask());
    void ask();
    document.addEventListener('visibilitychange', askIfSeen);
    window.addEventListener('online', askIfSeen);
    window.addEventListener('offline', askIfSeen);
    return () => {
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', askIfSeen);
      window.removeEventListener('online', askIfSeen);
      window.removeEventListener('offline', askIfSeen);
    };
  }, []);

  return state;
}
