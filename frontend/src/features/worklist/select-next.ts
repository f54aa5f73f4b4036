import { byRisk } from './order';
import { useWorklist } from './store';

/** Go so many films down the work-list, or up. */
export function selectNext(by: number): void {
  const { films, selectedId, select } = useWorklist.getState();
  const ordered = byRisk(films);
  const next = ordered[ordered.findIndex(({ id }) => id === selectedId) + by];
  if (next) select(next.id);
}
