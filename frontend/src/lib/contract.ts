/**
 * What the service says, field by field: the types of the page, and the check of every answer at run time.
 * `contract.schema.json` is made from this file; the backend's tests hold its real answers to that.
 */
import * as z from 'zod/mini';

z.config({ jitless: true }); // a content security policy forbids code made at run time

export const FINDINGS = ['BACTERIAL PNEUMONIA', 'VIRAL PNEUMONIA', 'NORMAL'] as const;

const finding = z.enum(FINDINGS);
const share = z.number().check(z.minimum(0), z.maximum(1));
const probabilities = z.record(finding, share);
const picture = z.nullable(z.string().check(z.startsWith('data:image/png;base64,')));

export const answerSchema = z.object({
  prediction: finding,
  confidence: z.string().check(z.regex(/^\d{1,3}\.\d\d%$/)),
  risk_level: z.string(),
  risk_code: z.enum(['none', 'medium', 'high', 'indeterminate']),
  probabilities,
  models: z.array(z.object({ name: z.string(), weight: share, probabilities })).check(z.minLength(1)),
  model_version: z.string(),
  disclaimer: z.string(),
  gradcam_image: picture,
  /** The networks' own grid over the whole film, one 8-bit grey pixel a cell. */
  heatmap_image: picture,
  request_id: z.string(),
  duration_ms: z.number(),
  warnings: z.optional(z.array(z.object({ code: z.string(), message: z.string() }))),
});

export const healthSchema = z.object({
  status: z.enum(['healthy', 'starting', 'unhealthy']),
  timestamp: z.string(),
  models_loaded: z.boolean(),
  engine: z.nullable(z.string()),
  precision: z.nullable(z.string()),
  memory_usage_mb: z.number(),
  version: z.string(),
  error: z.optional(z.string()),
});

export const failureSchema = z.object({ error: z.string(), code: z.string(), request_id: z.string() });

export type Finding = z.infer<typeof finding>;
export type Probabilities = z.infer<typeof probabilities>;
export type Answer = z.infer<typeof answerSchema>;
export type RiskCode = Answer['risk_code'];
export type Health = z.infer<typeof healthSchema>;
