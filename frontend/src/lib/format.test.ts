import { describe, expect, it } from 'vitest';
import { percent, seconds, times } from './format';

/** Which of the unbreakable spaces a language takes differs from browser to browser. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('a share', () => {
  it.each([
    ['en', '92.3%'],
    ['fr', '92,3 %'],
    ['es', '92,3 %'],
    ['hi', '92.3%'],
    ['zh', '92.3%'],
  ])('is a percentage as %s writes it', (language, written) => {
    expect(plain(percent(0.9231, language))).toBe(written);
  });

  it('has as many decimals as are asked for, zeros too', () => {
    expect(percent(0.9, 'en', 2)).toBe('90.00%');
    expect(percent(0.996, 'en', 0)).toBe('100%');
  });
});

it('a factor has two decimals, as its language writes them', () => {
  expect(times(1, 'en')).toBe('×1.00');
  expect(times(6, 'es')).toBe('×6,00');
});

describe('a length of time', () => {
  it.each([
    ['en', '0.12 sec'],
    ['fr', '0,12 s'],
    ['zh', '0.12秒'],
  ])('is in seconds as %s writes them', (language, written) => {
    expect(plain(seconds(123.4, language))).toBe(written);
  });
});
