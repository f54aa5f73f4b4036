import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { answerOf, newFields, PROVENANCE } from '@/testing/answers';
import { Details } from './details';

describe('the details', () => {
  it('say how far the networks’ maps agree', () => {
    render(<Details answer={answerOf(newFields())} changed={false} />);
    const name = screen.getByText("Agreement of the networks' maps");
    expect(name.nextElementSibling).toHaveTextContent('64%');
  });

  it('hold how the answer was made, folded until it is asked for', async () => {
    render(<Details answer={answerOf(newFields())} changed={false} />);
    expect(screen.getByText(PROVENANCE.image_sha256)).not.toBeVisible();
    await userEvent.click(screen.getByText('How this answer was made'));
    for (const value of [
      PROVENANCE.image_sha256,
      ...Object.values(PROVENANCE.weights_sha256),
      'cam=map, allow_unusual=false, correction=null',
      'openvino bfloat16',
      'pneumonet 1.0.0, openvino 2026.1.0',
    ])
      expect(screen.getByText(value)).toBeVisible();
    expect(screen.getByText('Weights of convnext_tiny (SHA-256)')).toBeVisible();
  });

  it.each([
    [false, 'Film (SHA-256)'],
    [true, 'Film as sent (SHA-256)'],
  ])('say whose hash it is where the page changed the film: %s', (changed, name) => {
    render(<Details answer={answerOf(newFields())} changed={changed} />);
    expect(screen.getByText(name).nextElementSibling).toHaveTextContent(PROVENANCE.image_sha256);
  });

  it('of an older service hold neither', () => {
    render(<Details answer={answerOf()} changed={false} />);
    expect(screen.getAllByRole('term')).toHaveLength(3);
    expect(screen.queryByText('How this answer was made')).not.toBeInTheDocument();
  });
});
