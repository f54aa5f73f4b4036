/**
 * What the service says, field by field: the types of the page, and the check of every answer at run time.
 * `contract.schema.json` is made from this file; the backend's tests hold its real answers to that.
 */
import * as z from 'zod/mini';

z.config({ jitless: true }); // a content security policy forbids code made at run time

export const FINDINGS = ['BACTERIAL PNEUMONIA', 'VIRAL PNEUMONIA', 'NORMAL'] as const;
/** What makes a film upright and positive; turns are counter-clockwise, in degrees. */
export const CORRECTIONS = ['invert', 'rotate_90', 'rotate_180', 'rotate_270'] as const;
/** The patient's, not the reader's: the patient's right is on the left of the film. */
export const SIDES = ['right', 'left'] as const;
/** Thirds of the film's height. */
export const ZONES = ['upper', 'middle', 'lower'] as const;

const finding = z.enum(FINDINGS);
const share = z.number().check(z.minimum(0), z.maximum(1));
const probabilities = z.record(finding, share);
const picture = z.nullable(z.string().check(z.startsWith('data:image/png;base64,')));
const correction = z.enum(CORRECTIONS);
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const warning = z.object({ code: z.string(), message: z.string(), correction: z.optional(correction) });
const zone = z.object({ side: z.enum(SIDES), zone: z.enum(ZONES), share });
const explanation = z.object({
  /** How far the networks' maps lie over each other. */
  agreement: share,
  /** Of the map's whole weight; all 0 where the map is empty. */
  zones: z.array(zone).check(z.length(SIDES.length * ZONES.length)),
});
const provenance = z.object({
  image_sha256: sha256,
  weights_sha256: z.record(z.string(), sha256),
  settings: z.object({
    cam: z.enum(['both', 'map', 'none']),
    allow_unusual: z.boolean(),
    correction: z.nullable(correction),
  }),
  engine: z.string(),
  versions: z.record(z.string(), z.string()),
});

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
  // A service that is older than the page leaves these out.
  warnings: z.optional(z.array(warning)),
  /** What cannot be excluded, the most probable first. */
  prediction_set: z.optional(z.array(finding).check(z.minLength(1))),
  /** Total variation distance between the networks' probabilities. */
  disagreement: z.optional(share),
  explanation: z.optional(z.nullable(explanation)),
  provenance: z.optional(provenance),
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

export const accessSchema = z.object({
  required: z.boolean(),
  methods: z.array(z.string()),
  oidc: z.nullable(z.object({ issuer: z.string(), client_id: z.string(), scope: z.string() })),
});

export const failureSchema = z.object({ error: z.string(), code: z.string(), request_id: z.string() });

export type Finding = z.infer<typeof finding>;
export type Probabilities = z.infer<typeof probabilities>;
export type Answer = z.infer<typeof answerSchema>;
export type Correction = z.infer<typeof correction>;
export type Warning = z.infer<typeof warning>;
export type Zone = z.infer<typeof zone>;
export type Provenance = z.infer<typeof provenance>;
export type RiskCode = Answer['risk_code'];
export type Access = z.infer<typeof accessSchema>;
export type Oidc = NonNullable<Access['oidc']>;
export type Health = z.infer<typeof healthSchema>;
