import type { TFunction } from 'i18next';
import type { ColourMap } from '@/lib/colour-map';
import { type Answer, FINDINGS } from '@/lib/contract';
import { percent, seconds } from '@/lib/format';
import type { Heatmap } from '@/lib/heatmap';
import { drawPictures, type FilmPictures } from './film-pictures';
import { MARGIN, Sheet } from './sheet';

const GAP = 6;
const TALLEST = 95;
const GREY = 95;
const COLUMN = 45;

export interface ReportSubject {
  url: string;
  answer: Answer;
  map: Heatmap | null;
  colours: ColourMap;
  coarse: boolean;
  /** Names the map: which class it explains. */
  mapLabel: string;
  /** What else must be known of the answer, in words. */
  notes: string[];
}

/** Return a one-page PDF of a film and its answer. */
export async function writeReport(subject: ReportSubject, t: TFunction, language: string): Promise<Blob> {
  const { answer, map, colours, coarse, mapLabel, url, notes } = subject;
  const sheet = new Sheet(t('report.title'), language);
  sheet.text(t('report.title'), { size: 16, bold: true });
  const made = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long' }).format(new Date());
  sheet.text(t('report.made', { time: made }), { size: 9, grey: GREY });
  sheet.space(3);
  writePictures(sheet, await drawPictures(url, map, colours, coarse), t('viewer.film'), mapLabel);
  writeAnswer(sheet, answer, t, language);
  for (const note of notes) sheet.text(note);
  sheet.space(2);
  sheet.rule();
  writeDetails(sheet, answer, t, language);
  sheet.rule();
  sheet.text(t('disclaimer'), { size: 9, bold: true });
  return sheet.pdf.output('blob');
}

function writePictures(
  sheet: Sheet,
  { film, overlay }: FilmPictures,
  filmLabel: string,
  mapLabel: string,
): void {
  const pictures = [
    { canvas: film, name: filmLabel },
    { canvas: overlay, name: mapLabel },
  ];
  const column = (sheet.width - GAP) / 2;
  const scale = Math.min(column / film.width, TALLEST / film.height);
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

function writeAnswer(sheet: Sheet, answer: Answer, t: TFunction, language: string): void {
  const finding = t(`finding.${answer.prediction}`);
  const confidence = percent(answer.probabilities[answer.prediction], language, 2);
  const unclear = answer.risk_code === 'indeterminate';
  sheet.text(unclear ? t('answer.unclear') : finding, { size: 15, bold: true });
  sheet.text(t(unclear ? 'answer.leaning' : 'answer.confidence', { finding, confidence }), { size: 11 });
  sheet.text(t('report.risk', { risk: t(`risk.${answer.risk_code}`) }), { size: 11 });
  for (const { message } of answer.warnings ?? []) sheet.text(message, { bold: true });
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

function writeDetails(sheet: Sheet, answer: Answer, t: TFunction, language: string): void {
  const rows = [
    [t('answer.requestId'), answer.request_id],
    [t('answer.modelVersion'), answer.model_version],
    [t('answer.duration'), seconds(answer.duration_ms, language)],
  ];
  for (const [name = '', value = ''] of rows) {
    sheet.line(name, { size: 9, grey: GREY });
    sheet.line(value, { size: 9, left: MARGIN + COLUMN });
    sheet.space(5);
  }
}
