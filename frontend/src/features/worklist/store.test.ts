import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { filmOf, readFilm } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import { useWorklist } from './store';

const list = useWorklist.getState;
const [first, second, third] = [filmOf({ id: '1' }), filmOf({ id: '2' }), filmOf({ id: '3' })];

beforeEach(() => list().add([first, second, third]));
afterEach(resetStores);

describe('the selected film', () => {
  it('is the first that comes', () => {
    expect(list().selectedId).toBe('1');
  });

  it('stays as more films come', () => {
    list().select('2');
    list().add([filmOf({ id: '4' })]);
    expect(list().selectedId).toBe('2');
  });

  it('gives way to the next one when it is removed', () => {
    list().select('2');
    list().remove('2');
    expect(list().selectedId).toBe('3');
  });

  it.each([
    ['risk', ['high', 'medium', 'none']],
    ['arrival', ['none', 'high', 'medium']],
  ] as const)('gives way in the order that is shown: by %s', (order, names) => {
    list().clear();
    for (const code of ['none', 'high', 'medium'] as const) list().add([readFilm(code, { risk_code: code })]);
    list().setOrder(order);
    list().select(names[0]);
    for (const [index, name] of names.entries()) {
      expect(list().selectedId).toBe(name);
      list().remove(name);
      expect(list().selectedId).toBe(names[index + 1] ?? null);
    }
  });

  it('gives way to the one before when it was the last of the list', () => {
    list().select('3');
    list().remove('3');
    expect(list().selectedId).toBe('2');
  });

  it('stays when another is removed', () => {
    list().select('2');
    list().remove('1');
    expect(list().selectedId).toBe('2');
  });

  it('is none once the list is empty, and the next film to come after that', () => {
    for (const id of ['1', '2', '3']) list().remove(id);
    expect(list().selectedId).toBeNull();
    list().add([filmOf({ id: '5' })]);
    expect(list().selectedId).toBe('5');
  });
});

describe('a removed film', () => {
  it('lets go of its picture, and only of its own', () => {
    const revoke = vi.spyOn(URL, 'revokeObjectURL');
    list().remove('2');
    expect(revoke.mock.calls).toEqual([[second.url]]);
    expect(list().films).toEqual([first, third]);
  });

  it('is not touched by news that come too late', () => {
    list().remove('2');
    list().change('2', { step: { name: 'analysing' } });
    expect(list().films).toEqual([first, third]);
  });
});

it('clearing the list lets go of every picture', () => {
  const revoke = vi.spyOn(URL, 'revokeObjectURL');
  list().clear();
  expect(revoke.mock.calls).toEqual([[first.url], [second.url], [third.url]]);
  expect(list()).toMatchObject({ films: [], selectedId: null });
});

it('a change leaves the other films as they are', () => {
  list().change('2', { step: { name: 'analysing' } });
  expect(list().films).toEqual([first, { ...second, step: { name: 'analysing' } }, third]);
});
