/** Write numbers as the reader's language does. */
export function percent(share: number, language: string, digits = 1): string {
  const format = { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(language, format).format(share);
}

export function times(factor: number, language: string): string {
  const format = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;
  return `×${new Intl.NumberFormat(language, format).format(factor)}`;
}

export function seconds(milliseconds: number, language: string): string {
  const format = { style: 'unit', unit: 'second', maximumFractionDigits: 2 } as const;
  return new Intl.NumberFormat(language, format).format(milliseconds / 1000);
}
