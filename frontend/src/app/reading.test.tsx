import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeReport } from '@/features/report/write-report';
import { ApiError } from '@/lib/api-error';
import { newFields, PROVENANCE } from '@/testing/answers';
import { stubCanvas } from '@/testing/canvas';
import { filmOf, readFilm } from '@/testing/films';
import { stubPictures } from '@/testing/pictures';
import { resetStores } from '@/testing/stores';
import { Reading } from './reading';

vi.mock('@/features/report/save');
vi.mock('@/features/report/write-report');

afterEach(resetStores);

const answer = () => screen.getByRole('region', { name: /^Answer: / });

describe('a film that is read', () => {
  it('has its answer beside it', () => {
    render(<Reading film={readFilm('a', { prediction: 'VIRAL PNEUMONIA' })} />);
    expect(within(answer()).getByRole('heading', { name: 'Viral pneumonia' })).toBeInTheDocument();
  });

  it.each([
    ['was read', readFilm('DOE^JANE 2026-01-31 lateral view of the left.jpg')],
    ['has no answer yet', filmOf({ name: 'DOE^JANE 2026-01-31 lateral view of the left.jpg' })],
  ])('that %s has its whole name above its answer and in the answer’s name', (_, film) => {
    render(<Reading film={film} />);
    expect(answer()).toHaveAccessibleName(`Answer: ${film.name}`);
    expect(within(answer()).getAllByRole('paragraph')[0]).toHaveTextContent(film.name);
  });

  it('that has no answer yet shows how far it is, and no old answer', () => {
    const { rerender } = render(<Reading film={readFilm('a')} />);
    rerender(<Reading film={filmOf({ step: { name: 'analysing' } })} />);
    expect(answer()).toHaveTextContent('No answer for this film yet.Analysing…');
    expect(screen.queryByRole('heading')).not.toBeInTheDocument();
  });

  it('that failed says why where its answer would be', () => {
    render(<Reading film={filmOf({ step: { name: 'failed', error: new ApiError('damaged_image') } })} />);
    expect(answer()).toHaveTextContent('The picture is damaged');
  });

  it('that has more grey levels than a browser shows says so', () => {
    render(<Reading film={filmOf({ sixteenBit: true })} />);
    expect(screen.getByRole('region', { name: 'Viewer' })).toHaveTextContent('more grey levels');
  });

  it('that has no more than a browser shows does not', () => {
    render(<Reading film={filmOf()} />);
    expect(screen.getByRole('region', { name: 'Viewer' })).not.toHaveTextContent('more grey levels');
  });

  it('is not said to be copied because another was', async () => {
    userEvent.setup();
    const { rerender } = render(<Reading film={readFilm('a', { request_id: 'a' })} />);
    await userEvent.click(screen.getByRole('button', { name: 'Copy as JSON' }));
    expect(screen.getByRole('button', { name: 'Copied' })).toBeInTheDocument();
    rerender(<Reading film={readFilm('b', { request_id: 'b' })} />);
    expect(screen.getByRole('button', { name: 'Copy as JSON' })).toBeInTheDocument();
  });
});

it('an answer is not said to be copied because the one before it of the same film was', async () => {
  userEvent.setup();
  const film = readFilm('a', { request_id: 'first' });
  const { rerender } = render(<Reading film={film} />);
  await userEvent.click(screen.getByRole('button', { name: 'Copy as JSON' }));
  rerender(<Reading film={{ ...film, step: readFilm('a', { request_id: 'second' }).step }} />);
  expect(screen.getByRole('button', { name: 'Copy as JSON' })).toBeInTheDocument();
});

describe('the report of a film', () => {
  const notes = () => vi.mocked(writeReport).mock.lastCall?.[0].notes;
  const write = () => userEvent.click(screen.getByRole('button', { name: 'PDF report' }));

  beforeEach(() => void vi.mocked(writeReport).mockReset().mockResolvedValue(new Blob()));

  it('says how often a normal answer hides a pneumonia, and that a copy was read', async () => {
    const film = readFilm('a', { prediction: 'NORMAL', model_version: 'not measured' });
    render(<Reading film={{ ...film, shrunk: true }} />);
    await write();
    expect(notes()).toEqual([
      expect.stringContaining('A normal answer does not exclude pneumonia.'),
      'A smaller copy was sent.',
    ]);
  });

  it('says where the map points, and what a map is not', async () => {
    stubPictures({ width: 2, height: 3 });
    stubCanvas();
    render(<Reading film={readFilm('a')} />);
    await screen.findByRole('heading', { name: 'Where the map points' });
    await write();
    expect(notes()).toEqual([expect.stringMatching(/^The map is empty.*no outline of a lesion\.$/)]);
  });

  it('says what is odd about the film, in the reader’s language, and what was changed on it', async () => {
    const film = readFilm('a', { warnings: [{ code: 'cropped', message: 'Service’s words.' }] });
    const { file, url, shrunk, asked, step } = film;
    const corrections = [{ correction: 'rotate_90' as const, before: { file, url, shrunk, asked, step } }];
    render(<Reading film={{ ...film, corrections }} />);
    await write();
    const subject = vi.mocked(writeReport).mock.lastCall?.[0];
    expect(subject?.warnings).toEqual([expect.stringContaining('The film seems to be cropped')]);
    expect(notes()).toEqual(['The film was turned left by 90° before it was read.']);
  });

  it.each([
    ['shrunk', { shrunk: true }, { corrections: [], shrunk: true }],
    ['corrected', {}, { corrections: ['invert'], shrunk: false }],
    ['of sixteen bits, which the service corrected', { sixteenBit: true }, null],
  ])('says whether what was sent is the file that was given: %s', async (_, change, changes) => {
    const film = readFilm('a', newFields());
    const { file, url, shrunk, asked, step } = film;
    const inverted = { correction: 'invert' as const, before: { file, url, shrunk, asked, step } };
    const corrections = 'shrunk' in change ? [] : [inverted];
    render(<Reading film={{ ...film, corrections, ...change }} />);
    await write();
    const subject = vi.mocked(writeReport).mock.lastCall?.[0];
    expect(subject?.changes).toEqual(changes);
    const row = subject?.details.find(([, value]) => value === PROVENANCE.image_sha256);
    expect(row?.[0]).toBe(changes ? 'Film as sent (SHA-256)' : 'Film (SHA-256)');
    expect(screen.getByText(row?.[0] ?? '')).toBeInTheDocument();
  });

  it('says what cannot be excluded and how far the networks differ, and how the answer was made', async () => {
    const doubt = { prediction_set: ['VIRAL PNEUMONIA' as const, 'NORMAL' as const], disagreement: 0.4 };
    render(<Reading film={readFilm('a', { ...newFields(), ...doubt })} />);
    await write();
    expect(notes()?.slice(0, 2)).toEqual([
      'None of these can be excluded (95%): Viral pneumonia and Normal.',
      'The networks name the same finding but differ noticeably in how sure they are',
    ]);
    const details = vi.mocked(writeReport).mock.lastCall?.[0].details.map(([, value]) => value);
    expect(details).toContain('64%');
    expect(details).toContain(PROVENANCE.image_sha256);
  });
});
