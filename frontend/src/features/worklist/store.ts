import { create } from 'zustand';
import { type Film, picturesOf, type Step } from './film';
import { inOrder, type Order } from './order';

interface Worklist {
  films: readonly Film[];
  selectedId: string | null;
  order: Order;
  /** Nothing is sent before this time (ms since 1970): the service asked for a pause. */
  pausedUntil: number;
  add: (films: readonly Film[]) => void;
  change: (id: string, change: Partial<Film>) => void;
  select: (id: string) => void;
  setOrder: (order: Order) => void;
  remove: (id: string) => void;
  clear: () => void;
  pause: (until: number) => void;
}

export const useWorklist = create<Worklist>()((set) => ({
  films: [],
  selectedId: null,
  order: 'risk',
  pausedUntil: 0,
  add: (added) =>
    set(({ films, selectedId }) => ({
      films: [...films, ...added],
      selectedId: selectedId ?? added[0]?.id ?? null,
    })),
  change: (id, change) =>
    set(({ films }) => ({ films: films.map((film) => (film.id === id ? { ...film, ...change } : film)) })),
  select: (id) => set({ selectedId: id }),
  setOrder: (order) => set({ order }),
  remove: (id) =>
    set(({ films, selectedId, order }) => {
      const shown = inOrder(films, order);
      const at = shown.findIndex((film) => film.id === id);
      const gone = shown[at];
      if (!gone) return {};
      letGo(gone);
      const next = shown[at + 1] ?? shown[at - 1];
      return {
        films: films.filter((film) => film !== gone),
        selectedId: selectedId === id ? (next?.id ?? null) : selectedId,
      };
    }),
  clear: () =>
    set(({ films }) => {
      for (const film of films) letGo(film);
      return { films: [], selectedId: null };
    }),
  pause: (until) => set(({ pausedUntil }) => ({ pausedUntil: Math.max(pausedUntil, until) })),
}));

export const useSelectedFilm = () =>
  useWorklist(({ films, selectedId }) => films.find((film) => film.id === selectedId) ?? null);

function letGo(film: Film): void {
  for (const url of picturesOf(film)) URL.revokeObjectURL(url);
}

export function setStep(id: string, step: Step): void {
  useWorklist.getState().change(id, { step });
}
