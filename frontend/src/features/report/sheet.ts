import { jsPDF } from 'jspdf';
import { drawingContext } from '@/lib/canvas';

export const MARGIN = 15;
const MM_PER_POINT = 25.4 / 72;
const LINE = 1.35;
const DOTS_PER_POINT = 4;
// What the PDF's built-in fonts can write; other scripts need the browser's own fonts and shaping.
const BUILT_IN = /^[\x20-\x7e\xa0-\xff‘’“”•–—…€]*$/;

interface Style {
  size?: number;
  bold?: boolean;
  grey?: number;
  left?: number;
  width?: number;
}

/** An A4 page that is written from top to bottom; lengths in millimetres, sizes of letters in points. */
export class Sheet {
  readonly pdf = new jsPDF({ unit: 'mm', format: 'a4', compress: true });
  readonly width = this.pdf.internal.pageSize.getWidth() - 2 * MARGIN;
  /** Where the writing has to end. */
  readonly bottom = this.pdf.internal.pageSize.getHeight() - MARGIN;
  y = MARGIN;

  constructor(title: string, language: string) {
    this.pdf.setProperties({ title, creator: 'PneumoNet' });
    this.pdf.setLanguage(language as Parameters<jsPDF['setLanguage']>[0]);
  }

  /** Write a paragraph below what is there, broken into lines that fit. */
  text(paragraph: string, style: Style = {}): void {
    for (const line of breakLines(paragraph, style.width ?? this.width, style)) {
      this.line(line, style);
      this.y += (style.size ?? 10) * LINE * MM_PER_POINT;
    }
  }

  /** Write a line where the pen is, and leave the pen there. */
  line(line: string, { size = 10, bold = false, grey = 0, left = MARGIN }: Style = {}): void {
    const writable = plainSpaces(line);
    if (!BUILT_IN.test(writable)) {
      this.pictureOfLine(writable, size, bold, grey, left);
      return;
    }
    this.pdf
      .setFont('helvetica', bold ? 'bold' : 'normal')
      .setFontSize(size)
      .setTextColor(grey);
    this.pdf.text(writable, left, this.y, { baseline: 'top' });
  }

  space(millimetres: number): void {
    this.y += millimetres;
  }

  rule(): void {
    this.pdf.setDrawColor(190).line(MARGIN, this.y, MARGIN + this.width, this.y);
    this.space(4);
  }

  private pictureOfLine(line: string, size: number, bold: boolean, grey: number, left: number): void {
    const font = fontOf(size * DOTS_PER_POINT, bold);
    const measured = drawingContext(1, 1);
    measured.font = font;
    const width = Math.ceil(measured.measureText(line).width) + 2;
    const height = Math.ceil(size * LINE * DOTS_PER_POINT);
    const context = drawingContext(width, height);
    context.font = font;
    context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
    context.textBaseline = 'top';
    context.fillText(line, 0, 0.1 * height);
    const scale = MM_PER_POINT / DOTS_PER_POINT;
    this.pdf.addImage(
      context.canvas,
      'PNG',
      left,
      this.y - 0.1 * height * scale,
      width * scale,
      height * scale,
    );
  }
}

/** Break where the writing allows, so that each line is at most so many millimetres wide. */
function breakLines(paragraph: string, width: number, { size = 10, bold = false }: Style): string[] {
  const context = drawingContext(1, 1);
  context.font = fontOf(size, bold);
  const fits = (line: string) => context.measureText(line).width * MM_PER_POINT <= width;
  const lines: string[] = [];
  let line = '';
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(
    plainSpaces(paragraph),
  )) {
    const closing = /^[\p{P}\s]+$/u.test(segment);
    if (line && !closing && !fits(line + segment)) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += line ? segment : segment.trimStart();
  }
  return line.trim() ? [...lines, line.trimEnd()] : lines;
}

function fontOf(size: number, bold: boolean): string {
  return `${bold ? 'bold ' : ''}${size}px Helvetica, Arial, "Liberation Sans", sans-serif`;
}

/** Narrow and thin spaces, which number formats use, are not in the built-in fonts. */
function plainSpaces(text: string): string {
  return text.replace(/[\u2000-\u200a\u202f]/g, '\u00a0');
}
