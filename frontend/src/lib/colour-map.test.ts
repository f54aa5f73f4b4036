import { describe, expect, it } from 'vitest';
import { COLOUR_MAPS, type Colour, type ColourMap, colourOf, gradientOf } from './colour-map';

const NAMES = Object.keys(COLOUR_MAPS) as ColourMap[];

describe.each(NAMES)('%s', (name) => {
  it('passes through its stops, from the first at 0 to the last at 1', () => {
    const stops = COLOUR_MAPS[name];
    stops.forEach((stop, index) => {
      expect(toHex(colourOf(name, index / (stops.length - 1)))).toBe(stop);
    });
  });

  it('mixes two stops evenly between them', () => {
    const [one, other] = [colourOf(name, 0), colourOf(name, 1 / 9)];
    const middle = colourOf(name, 0.5 / 9);
    middle.forEach((channel, at) => {
      expect(channel).toBeCloseTo(((one[at] ?? Number.NaN) + (other[at] ?? Number.NaN)) / 2);
    });
  });

  it('grows lighter with every step, so that it is read without seeing its hues', () => {
    const steps = Array.from({ length: 181 }, (_, step) => lightness(colourOf(name, step / 180)));
    for (const [step, light] of steps.slice(1).entries()) expect(light).toBeGreaterThan(steps[step] ?? 101);
  });

  it('ends where its values end', () => {
    expect(colourOf(name, -0.5)).toEqual(colourOf(name, 0));
    expect(colourOf(name, 1.5)).toEqual(colourOf(name, 1));
  });

  it('has a legend that runs from its first stop to its last', () => {
    const [first, last] = [COLOUR_MAPS[name][0], COLOUR_MAPS[name][9]];
    expect(gradientOf(name)).toMatch(new RegExp(`^linear-gradient\\(to right, #${first}, .*, #${last}\\)$`));
  });
});

function toHex(colour: Colour): string {
  return colour.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('');
}

/** Return L* of CIELAB (0 to 100) of an sRGB colour. */
function lightness(colour: Colour): number {
  const [red, green, blue] = colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 216 / 24389 ? 116 * Math.cbrt(luminance) - 16 : (luminance * 24389) / 27;
}
