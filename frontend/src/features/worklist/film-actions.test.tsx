import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@/lib/api-error';
import { filmOf, jpeg } from '@/testing/films';
import { resetStores } from '@/testing/stores';
import type { Film, Step } from './film';
import { FilmRow } from './film-row';
import { predictFilm } from './predict-film';
import { shrink } from './shrink';
import { useWorklist } from './store';

vi.mock('./predict-film');
vi.mock('./shrink');

const TOO_LARGE: Step = { name: 'refused', reason: 'too_large' };
const SMALLER = jpeg('chest.jpg', 99);

beforeEach(() => {
  vi.mocked(predictFilm)
    .mockReset()
    .mockReturnValue(new Promise(() => {}));
  vi.mocked(shrink).mockReset().mockResolvedValue(SMALLER);
});
afterEach(resetStores);

/** Show the only film of the work-list, as it changes. */
function show(change: Partial<Film>): void {
  useWorklist.getState().add([filmOf({ name: 'chest.jpg', ...change })]);
  render(<OnlyFilm />);
}

function OnlyFilm() {
  const film = useWorklist(({ films }) => films[0]);
  return film ? <FilmRow film={film} selected={false} onSelect={() => {}} result={() => null} /> : 'No film.';
}

const sentFiles = () => vi.mocked(predictFilm).mock.calls.map(([file]) => file);
const shrinkButton = () => screen.queryByRole('button', { name: 'Shrink and send' });
const step = () => useWorklist.getState().films[0]?.step.name;

describe('shrinking', () => {
  it.each<[string, Step]>([
    ['that this page refused as too large', TOO_LARGE],
    ['that the service refused as too large', { name: 'failed', error: new ApiError('image_too_large') }],
  ])('is offered for a film %s', (_, at) => {
    show({ step: at });
    expect(shrinkButton()).toBeInTheDocument();
  });

  it.each<[string, Step]>([
    ['of the wrong type', { name: 'refused', reason: 'wrong_type' }],
    ['that failed for another reason', { name: 'failed', error: new ApiError('damaged_image') }],
    ['that waits', { name: 'waiting' }],
  ])('is not offered for a film %s', (_, at) => {
    show({ step: at });
    expect(shrinkButton()).not.toBeInTheDocument();
  });

  it('is not offered for a film of sixteen bits, whose grey levels a copy would lose', () => {
    show({ sixteenBit: true, step: TOO_LARGE });
    expect(shrinkButton()).not.toBeInTheDocument();
  });

  it('leaves a film alone that was sent again meanwhile', async () => {
    let finish: (file: File) => void = () => {};
    vi.mocked(shrink).mockReturnValue(new Promise((resolve) => (finish = resolve)));
    const whole = jpeg('chest.jpg', 500);
    show({ file: whole, step: { name: 'failed', error: new ApiError('image_too_large') } });
    await userEvent.click(screen.getByRole('button', { name: 'Shrink and send' }));
    await userEvent.click(screen.getByRole('button', { name: 'Send chest.jpg again' }));
    finish(SMALLER);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sentFiles()).toEqual([whole]);
  });

  it('can be asked for again when the film was too large again meanwhile', async () => {
    let finish: (file: File) => void = () => {};
    vi.mocked(shrink).mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
    const tooLarge: Step = { name: 'failed', error: new ApiError('image_too_large') };
    show({ step: tooLarge });
    await userEvent.click(screen.getByRole('button', { name: 'Shrink and send' }));
    await userEvent.click(screen.getByRole('button', { name: 'Send chest.jpg again' }));
    finish(SMALLER);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [film] = useWorklist.getState().films;
    act(() => useWorklist.getState().change(film?.id ?? '', { step: tooLarge }));
    expect(shrinkButton()).toBeEnabled();
  });

  it('is not offered for a copy that is too large still', () => {
    show({ shrunk: true, step: { name: 'failed', error: new ApiError('image_too_large') } });
    expect(shrinkButton()).not.toBeInTheDocument();
  });

  it('sends the smaller copy', async () => {
    const large = jpeg('chest.jpg', 500);
    show({ file: large, step: TOO_LARGE });
    await userEvent.click(screen.getByRole('button', { name: 'Shrink and send' }));
    await waitFor(() => expect(step()).toBe('uploading'));
    expect(shrink).toHaveBeenCalledWith(large);
    expect(sentFiles()).toEqual([SMALLER]);
  });

  it('sends one copy, however often it is asked while it is at work', async () => {
    let finish: (file: File) => void = () => {};
    vi.mocked(shrink).mockReturnValue(new Promise((resolve) => (finish = resolve)));
    show({ step: TOO_LARGE });
    await userEvent.dblClick(screen.getByRole('button', { name: 'Shrink and send' }));
    finish(SMALLER);
    await waitFor(() => expect(step()).toBe('uploading'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sentFiles()).toEqual([SMALLER]);
    expect(shrink).toHaveBeenCalledOnce();
  });

  it('says when this browser cannot do it, and leaves the film as it is', async () => {
    vi.mocked(shrink).mockRejectedValue(new Error('The source image cannot be decoded.'));
    show({ step: TOO_LARGE });
    await userEvent.click(screen.getByRole('button', { name: 'Shrink and send' }));
    expect(await screen.findByText('This browser cannot shrink it.')).toBeInTheDocument();
    expect(sentFiles()).toEqual([]);
    expect(useWorklist.getState().films[0]?.step).toEqual(TOO_LARGE);
  });
});

describe('a picture that is no chest radiograph to the service', () => {
  const refused = (code: string): Step => ({ name: 'failed', error: new ApiError(code) });
  const insist = () => screen.queryByRole('button', { name: 'Analyse anyway' });
  const asked = () => vi.mocked(predictFilm).mock.calls.map(([, { allowUnusual }]) => allowUnusual);

  it('is said to be none, and the reader is asked whether to analyse it anyway', () => {
    show({ step: refused('not_a_chest_radiograph') });
    const said = screen.getAllByRole('paragraph').map(({ textContent }) => textContent);
    expect(said[0]).toMatch(/does not look like a chest radiograph/);
    expect(said[1]).toMatch(/^Analyse anyway\?/);
    expect(sentFiles()).toEqual([]);
  });

  it('is sent again as such when the reader insists', async () => {
    show({ step: refused('not_a_chest_radiograph') });
    await userEvent.click(insist() ?? document.body);
    expect(asked()).toEqual([true]);
    expect(step()).toBe('uploading');
    expect(insist()).not.toBeInTheDocument();
  });

  it('is not asked about a second time', () => {
    show({ asked: { allowUnusual: true }, step: refused('not_a_chest_radiograph') });
    expect(insist()).not.toBeInTheDocument();
  });

  it('is sent plainly when it is only sent again', async () => {
    show({ step: refused('not_a_chest_radiograph') });
    await userEvent.click(screen.getByRole('button', { name: 'Send chest.jpg again' }));
    expect(asked()).toEqual([undefined]);
  });

  it.each(['damaged_image', 'unsupported_type', 'image_too_large'])(
    'is nothing that is asked of %s',
    (code) => {
      show({ step: refused(code) });
      expect(insist()).not.toBeInTheDocument();
    },
  );
});

describe('the buttons of a film', () => {
  it('send it again after a failure', async () => {
    show({ step: { name: 'failed', error: new ApiError('unreachable') } });
    await userEvent.click(screen.getByRole('button', { name: 'Send chest.jpg again' }));
    expect(sentFiles()).toHaveLength(1);
    expect(step()).toBe('uploading');
  });

  it('cancel it while it waits', async () => {
    show({ step: { name: 'waiting' } });
    await userEvent.click(screen.getByRole('button', { name: 'Cancel chest.jpg' }));
    expect(step()).toBe('cancelled');
  });

  it('remove it', async () => {
    show({ step: { name: 'cancelled' } });
    await userEvent.click(screen.getByRole('button', { name: 'Remove chest.jpg' }));
    expect(screen.getByText('No film.')).toBeInTheDocument();
  });
});
