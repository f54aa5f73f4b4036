import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { answerOf, newFields } from '@/testing/answers';
import { accessSchema, answerSchema, FINDINGS, failureSchema, healthSchema } from './contract';

const schemas = {
  answer: z.toJSONSchema(answerSchema),
  access: z.toJSONSchema(accessSchema),
  health: z.toJSONSchema(healthSchema),
  failure: z.toJSONSchema(failureSchema),
};

const isAnswer = (said: unknown) => answerSchema.safeParse(said).success;
const shares = (bacterial: number) => ({
  'BACTERIAL PNEUMONIA': bacterial,
  'VIRAL PNEUMONIA': 0.1,
  NORMAL: 0.1,
});

describe('the schema that the backend is held to', () => {
  it('is the one beside this test (npx vitest run --project unit -u writes it)', async () => {
    await expect(`${JSON.stringify(schemas, null, 2)}\n`).toMatchFileSnapshot('./contract.schema.json');
  });

  it('allows no field that nobody agreed on', () => {
    for (const object of objectsIn(schemas)) expect(object).toHaveProperty('additionalProperties');
    for (const object of objectsIn(schemas).filter((found) => 'properties' in found))
      expect(object).toHaveProperty('additionalProperties', false);
  });

  it('asks for the probability of every finding', () => {
    const ofFindings = objectsIn(schemas).filter((object) => namesOf(object)?.enum !== undefined);
    expect(ofFindings).toHaveLength(2); // the ensemble's, and each network's
    for (const object of ofFindings) {
      expect(object).toHaveProperty('propertyNames.enum', [...FINDINGS]);
      expect(object).toHaveProperty('required', [...FINDINGS]);
      expect(object).toHaveProperty('additionalProperties', { type: 'number', minimum: 0, maximum: 1 });
    }
  });
});

describe('the check of an answer', () => {
  it('accepts what the contract promises', () => {
    expect(isAnswer(answerOf())).toBe(true);
    expect(isAnswer(answerOf({ heatmap_image: null, gradcam_image: null }))).toBe(true);
    const warnings = [
      { code: 'blurred', message: 'The film is blurred.' },
      { code: 'inverted', message: 'The film is inverted.', correction: 'invert' as const },
    ];
    expect(isAnswer(answerOf({ warnings }))).toBe(true);
    expect(isAnswer(answerOf(newFields()))).toBe(true);
    expect(isAnswer(answerOf({ ...newFields(), explanation: null }))).toBe(true);
  });

  it.each(Object.keys(newFields()))('accepts an answer of an older service, without %s', (field) => {
    const { [field as keyof ReturnType<typeof newFields>]: _, ...rest } = newFields();
    expect(isAnswer(answerOf(rest))).toBe(true);
  });

  it.each(Object.keys(answerOf()))('refuses an answer without %s', (field) => {
    expect(isAnswer({ ...answerOf(), [field]: undefined })).toBe(false);
  });

  it.each([
    ['a finding of its own', { prediction: 'COVID' }],
    ['a confidence as a number', { confidence: 0.9235 }],
    ['a confidence of one decimal', { confidence: '92.3%' }],
    ['a probability above 1', { probabilities: shares(1.2) }],
    ['a probability below 0', { probabilities: shares(-0.1) }],
    ['two findings only', { probabilities: { 'BACTERIAL PNEUMONIA': 0.9, NORMAL: 0.1 } }],
    ['a fourth finding', { probabilities: { ...shares(0.8), COVID: 0 } }],
    ['a network without its probabilities', { models: [{ name: 'ConvNeXt-Tiny', weight: 0.4 }] }],
    ['no network at all', { models: [] }],
    ['a map that is to be fetched elsewhere', { heatmap_image: 'https://example.org/map.png' }],
    ['a map that is no PNG', { heatmap_image: 'data:image/svg+xml;base64,PHN2Zy8+' }],
    ['a set of nothing', { prediction_set: [] }],
    ['a set with a finding of its own', { prediction_set: ['COVID'] }],
    ['a disagreement above 1', { disagreement: 1.2 }],
    [
      'an explanation of five zones',
      { explanation: { agreement: 1, zones: newFields().explanation?.zones.slice(1) } },
    ],
    [
      'a correction that nobody agreed on',
      { warnings: [{ code: 'rotated', message: '', correction: 'rotate_45' }] },
    ],
    ['a hash that is none', { provenance: { ...newFields().provenance, image_sha256: 'abc' } }],
    ['warnings without codes', { warnings: ['The film is blurred.'] }],
  ])('refuses %s', (_, change) => {
    expect(isAnswer({ ...answerOf(), ...change })).toBe(false);
  });
});

const namesOf = (object: Record<string, unknown>) =>
  object.propertyNames as Record<string, unknown> | undefined;

/** Return every part of a schema that describes an object. */
function objectsIn(part: unknown): Record<string, unknown>[] {
  if (typeof part !== 'object' || part === null) return [];
  const within = Object.values(part).flatMap(objectsIn);
  return 'type' in part && part.type === 'object' ? [part as Record<string, unknown>, ...within] : within;
}
