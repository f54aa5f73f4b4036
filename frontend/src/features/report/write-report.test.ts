import i18next from 'i18next';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { answerOf } from '@/testing/answers';
import { drawPictures } from './film-pictures';
import { writeReport } from './write-report';

/** Every sheet so far: how tall its picture is, and where its writing ends. */
const sheets = vi.hoisted(() => [] as { tall: number; y: number }[]);

vi.mock('./film-pictures');
vi.mock('./sheet', () => ({
  MARGIN: 15,
  Sheet: class {
    readonly width = 180;
    readonly bottom = 282;
    y = 15;
    tall = 0;
    readonly pdf = {
      addImage: (...given: number[]) => {
        this.tall = given[5] ?? 0;
      },
      output: () => new Blob(),
    };
    constructor() {
      sheets.push(this);
    }
    text() {
      this.y += 5;
    }
    line() {}
    rule() {}
    space(millimetres: number) {
      this.y += millimetres;
    }
  },
}));

beforeEach(() => void sheets.splice(0));

/** Write a report with so many notes about a film of this size. */
async function write(width: number, height: number, notes: number): Promise<void> {
  const film = Object.assign(document.createElement('canvas'), { width, height });
  film.toDataURL = () => 'data:image/jpeg;base64,';
  vi.mocked(drawPictures).mockResolvedValue({ film, overlay: null });
  const subject = {
    ...{ url: '', answer: answerOf(), changes: null, map: null, colours: 'inferno' as const, coarse: false },
    ...{ mapLabel: '', warnings: [], notes: Array.from({ length: notes }, () => 'A note.'), details: [] },
  };
  await writeReport(subject, i18next.t, 'en');
}

describe('the pictures of a report', () => {
  it('are as tall as they may be, or as their column is wide', async () => {
    await write(600, 1200, 0);
    await write(1200, 600, 0);
    expect(sheets.map(({ tall }) => tall)).toEqual([95, 43.5]);
  });

  it.each([
    [600, 1200, 24],
    [1200, 600, 34],
  ])('of %i by %i pixels become smaller by what does not fit below them', async (width, height, notes) => {
    await write(width, height, notes);
    expect(sheets[0]?.y).toBeGreaterThan(282);
    expect(sheets).toHaveLength(2);
    expect(sheets[1]?.y).toBeCloseTo(282, 6);
  });

  it('stay pictures, however much there is to write', async () => {
    await write(1200, 600, 200);
    expect(sheets[1]?.tall).toBe(20);
  });
});
