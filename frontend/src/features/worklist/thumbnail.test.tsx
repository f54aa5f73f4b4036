import { fireEvent, render } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Thumbnail } from './thumbnail';

it('a film that this browser cannot show has a sign instead of a broken picture', () => {
  const { container } = render(<Thumbnail url="blob:film" />);
  const picture = container.querySelector('img');
  expect(picture).toHaveAttribute('src', 'blob:film');
  if (picture) fireEvent.error(picture);
  expect(container.querySelector('img')).toBeNull();
  expect(container.querySelector('svg')).toHaveAttribute('aria-hidden');
});
