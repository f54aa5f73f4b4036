import type { TFunction } from 'i18next';
import type { ColourMap } from '@/lib/colour-map';
import { type Answer, FINDINGS } from '@/lib/contract';
import { percent } from '@/lib/format';
import type { Heatmap } from '@/lib/heatmap';
import { drawPictures, type FilmPictures } from './film-pictures';
import { MARGIN, Sheet } from './sheet';

const GAP = 6;
const TALLEST = 95;
// Less shows nothing; what does not fit then runs off the page.
const LEAST = 20;
const GREY = 95;
const COLUMN = 45;
const DETAIL = 62;

export interface ReportSubject {
  url: string;
  answer: Answer;
  /** What the page changed on the film before it sent it; null where it sent the file that was given. */
  changes: object | null;
  map: Heatmap | null;
  colours: ColourMap;
  coarse: boolean;
  /** Names the map: which class it explains. */
  mapLabel: string;
  /** What is odd about the film, in words. */
  warnings: string[];
  /** What else must be known of the answer, in words. */
  notes: string[];
  /** What finds the answer again, and how it was made: name and value. */
  details: readonly (readonly [string, string])[];
}

/** Return a one-page PDF of a film and its answer. */
export async function writeReport(subject: ReportSubject, t: TFunction, language: string): Promise<Blob> {
  const { url, map, colours, coarse } = subject;
  const pictures = await drawPictures(url, map, colours, coarse);
  const first = compose(subject, pictures, TALLEST, t, language);
  const excess = first.y - first.bottom;
  if (excess <= 0) return first.pdf.output('blob');
  const drawn = scaleOf(pictures.film, first, TALLEST) * pictures.film.height;
  return compose(subject, pictures, Math.max(LEAST, drawn - excess), t, language).pdf.output('blob');
}

/** Return how many millimetres a pixel takes: a picture fills its column, or is as tall as it may be. */
function scaleOf({ width, height }: HTMLCanvasElement, sheet: Sheet, tallest: number): number {
  return Math.min(columnOf(sheet) / width, tallest / height);
}

const columnOf = ({ width }: Sheet) => (width - GAP) / 2;

/** Write everything on one sheet, with pictures of at most this height. */
function compose(
  { answer, mapLabel, warnings, notes, details }: ReportSubject,
  pictures: FilmPictures,
  tallest: number,
  t: TFunction,
  language: string,
): Sheet {
  const sheet = new Sheet(t('report.title'), language);
  sheet.text(t('report.title'), { size: 16, bold: true });
  const made = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long' }).format(new Date());
  sheet.text(t('report.made', { time: made }), { size: 9, grey: GREY });
  sheet.space(3);
  writePictures(sheet, pictures, tallest, t('viewer.film'), mapLabel);
  writeAnswer(sheet, answer, warnings, t, language);
  for (const note of notes) sheet.text(note);
  sheet.space(2);
  sheet.rule();
  for (const [name, value] of details) writeDetail(sheet, name, value);
  sheet.space(2);
  sheet.rule();
  sheet.text(t('disclaimer'), { size: 9, bold: true });
  return sheet;
}

function writePictures(
  sheet: Sheet,
  { film, overlay }: FilmPictures,
  tallest: number,
  filmLabel: string,
  mapLabel: string,
): void {
  const pictures = [
    { canvas: film, name: filmLabel },
    { canvas: overlay, name: mapLabel },
  ];
  const column = columnOf(sheet);
  const scale = scaleOf(film, sheet, tallest);
  pictures.forEach(({ canvas, name }, index) => {
    if (!canvas) return;
    const left = MARGIN + index * (column + GAP);
    const picture = canvas.toDataURL('image/jpeg', 0.9);
    sheet.pdf.addImage(picture, 'JPEG', left, sheet.y, film.width * scale, film.height * scale);
    const { y } = sheet;
    sheet.y += film.height * scale + 1.5;
    sheet.line(name, { size: 8, grey: GREY, left });
    sheet.y = y;
  });
  sheet.y += film.height * scale + 8;
}

function writeAnswer(sheet: Sheet, answer: Answer, warnings: string[], t: TFunction, language: string): void {
  const finding = t(`finding.${answer.prediction}`);
  const confidence = percent(answer.probabilities[answer.prediction], language, 2);
  const unclear = answer.risk_code === 'indeterminate';
  sheet.text(unclear ? t('answer.unclear') : finding, { size: 15, bold: true });
  sheet.text(t(unclear ? 'answer.leaning' : 'answer.confidence', { finding, confidence }), { size: 11 });
  sheet.text(t('report.risk', { risk: t(`risk.${answer.risk_code}`) }), { size: 11 });
  for (const warning of warnings) sheet.text(warning, { bold: true });
  sheet.space(3);

  const voices = [
    { name: t('report.ensemble'), probabilities: answer.probabilities },
    ...answer.models.map(({ name, weight, probabilities }) => ({
      name: t('answer.network', { name, weight: percent(weight, language, 0) }),
      probabilities,
    })),
  ];
  const column = (index: number) => MARGIN + COLUMN * index;
  for (const [index, { name }] of voices.entries()) {
    sheet.line(name, { size: 9, bold: true, left: column(index + 1) });
  }
  sheet.space(5.5);
  for (const row of FINDINGS) {
    sheet.line(t(`finding.${row}`), { left: column(0) });
    for (const [index, { probabilities }] of voices.entries()) {
      sheet.line(percent(probabilities[row], language, 2), { left: column(index + 1) });
    }
    sheet.space(5.5);
  }
  sheet.space(2);
}

function writeDetail(sheet: Sheet, name: string, value: string): void {
  sheet.line(name, { size: 8, grey: GREY });
  sheet.text(value, { size: 8, left: MARGIN + DETAIL, width: sheet.width - DETAIL });
  sheet.space(0.5);
}
