import { type Answer, type Provenance, SIDES, ZONES } from '@/lib/contract';

// One grey pixel.
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTz6fgAAAABJRU5ErkJggg==';

const BACTERIAL = { 'BACTERIAL PNEUMONIA': 0.9235, 'VIRAL PNEUMONIA': 0.0612, NORMAL: 0.0153 };

/** Return an answer as the service gives it, with some fields replaced. */
export function answerOf(change: Partial<Answer> = {}): Answer {
  return {
    prediction: 'BACTERIAL PNEUMONIA',
    confidence: '92.35%',
    risk_level: 'High Risk - Bacterial Pneumonia Indicated',
    risk_code: 'high',
    probabilities: BACTERIAL,
    models: [
      { name: 'ConvNeXt-Tiny', weight: 0.4, probabilities: BACTERIAL },
      { name: 'EfficientNetV2-S', weight: 0.6, probabilities: BACTERIAL },
    ],
    model_version: '1.0.0',
    disclaimer: 'Not a medical device.',
    gradcam_image: null,
    heatmap_image: PIXEL,
    request_id: 'request-1',
    duration_ms: 123.4,
    ...change,
  };
}

/** Return an explanation whose shares are given by the patient's side, the right one first, each from above. */
export function explanationOf(...shares: [number, number, number, number, number, number]) {
  const zones = SIDES.flatMap((side) => ZONES.map((zone) => ({ side, zone, share: 0 })));
  return { agreement: 0.64, zones: zones.map((zone, index) => ({ ...zone, share: shares[index] ?? 0 })) };
}

export const PROVENANCE: Provenance = {
  image_sha256: 'a1'.repeat(32),
  weights_sha256: { convnext_tiny: 'b2'.repeat(32), efficientnet_v2_s: 'c3'.repeat(32) },
  settings: { cam: 'map', allow_unusual: false, correction: null },
  engine: 'openvino bfloat16',
  versions: { pneumonet: '1.0.0', openvino: '2026.1.0' },
};

/** Return what an older service does not say. */
export function newFields(): Required<
  Pick<Answer, 'warnings' | 'prediction_set' | 'disagreement' | 'explanation' | 'provenance'>
> {
  return {
    warnings: [],
    prediction_set: ['BACTERIAL PNEUMONIA'],
    disagreement: 0.05,
    explanation: explanationOf(0.1, 0.1, 0.6, 0, 0.1, 0.1),
    provenance: PROVENANCE,
  };
}
