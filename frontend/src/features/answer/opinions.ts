import { type Answer, FINDINGS, type Finding, type Probabilities } from '@/lib/contract';

export interface Opinion {
  name: string;
  weight: number;
  finding: Finding;
  share: number;
}

/** Return what each network holds likeliest. */
export function opinionsOf({ models }: Pick<Answer, 'models'>): Opinion[] {
  return models.map(({ name, weight, probabilities }) => {
    const finding = likeliest(probabilities);
    return { name, weight, finding, share: probabilities[finding] };
  });
}

export function agree(opinions: readonly Opinion[]): boolean {
  return new Set(opinions.map(({ finding }) => finding)).size <= 1;
}

function likeliest(probabilities: Probabilities): Finding {
  return FINDINGS.reduce((best, finding) => (probabilities[finding] > probabilities[best] ? finding : best));
}
