import { expect, it, vi } from 'vitest';
import { save } from './save';

it('a file is handed over under its name, and let go of once the browser has read it', () => {
  vi.useFakeTimers();
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:report');
  const revoke = vi.spyOn(URL, 'revokeObjectURL').mockReturnValue();
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockReturnValue();
  save(new Blob(['%PDF-1.7']), 'report.pdf');
  expect(click.mock.contexts[0]).toMatchObject({ href: 'blob:report', download: 'report.pdf' });
  expect(revoke).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(revoke.mock.calls).toEqual([['blob:report']]);
});
