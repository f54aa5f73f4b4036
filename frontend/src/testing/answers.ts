import type { Answer } from '@/lib/contract';

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
