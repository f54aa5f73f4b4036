/**
 * Colour maps that rise evenly in lightness, so that people who see colours differently read them too.
 * Stops: viridis, inferno (Smith and van der Walt, matplotlib, CC0), cividis (Nuñez et al., PLOS ONE 2018).
 */
export const COLOUR_MAPS = {
  inferno: [
    '000004',
    '1b0c41',
    '4a0c6b',
    '781c6d',
    'a52c60',
    'cf4446',
    'ed6925',
    'fb9b06',
    'f7d13d',
    'fcffa4',
  ],
  viridis: [
    '440154',
    '482878',
    '3e4989',
    '31688e',
    '26828e',
    '1f9e89',
    '35b779',
    '6ece58',
    'b5de2b',
    'fde725',
  ],
  cividis: [
    '00224e',
    '123570',
    '3b496c',
    '575d6d',
    '707173',
    '8a8678',
    'a59c74',
    'c3b369',
    'e1cc55',
    'fee838',
  ],
} as const;

export type ColourMap = keyof typeof COLOUR_MAPS;
export type Colour = readonly [red: number, green: number, blue: number];

const STOPS = Object.fromEntries(
  Object.entries(COLOUR_MAPS).map(([name, stops]) => [name, stops.map(fromHex)]),
) as unknown as Record<ColourMap, Colour[]>;

/** Return the colour (0 to 255 each) of a value in [0, 1]. */
export function colourOf(name: ColourMap, value: number): Colour {
  const stops = STOPS[name];
  const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
  const index = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[index], stops[index + 1]];
  if (!from || !to) return [0, 0, 0];
  const mix = (channel: 0 | 1 | 2) => from[channel] + (to[channel] - from[channel]) * (place - index);
  return [mix(0), mix(1), mix(2)];
}

/** Return a CSS gradient of the map, from 0 on the left to 1 on the right. */
export function gradientOf(name: ColourMap): string {
  return `linear-gradient(to right, ${COLOUR_MAPS[name].map((stop) => `#${stop}`).join(', ')})`;
}

function fromHex(hex: string): Colour {
  const channel = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [channel(0), channel(2), channel(4)];
}
