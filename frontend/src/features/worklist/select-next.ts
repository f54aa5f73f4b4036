import { inOrder } from './order';
import { useWorklist } from './store';

/** Go so many films down the work-list, or up. */
export function selectNext(by: number): void {
  const { films, order, selectedId, select } = useWorklist.getState();
  const ordered = inOrder(films, order);
  const next = ordered[ordered.findIndex(({ id }) => id === selectedId) + by];
  if (next) select(next.id);
}
