import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { MOST_ZOOM, type View, WHOLE } from './view';
import { ZoomButtons } from './zoom-buttons';

let seen: View;

function Shown({ from }: { from: View }) {
  const [view, setView] = useState(from);
  seen = view;
  return <ZoomButtons view={view} setView={setView} />;
}

const show = (from: View) => render(<Shown from={from} />);
const button = (name: string) => screen.getByRole('button', { name });

it('the buttons zoom in and out about the middle', async () => {
  show(WHOLE);
  await userEvent.click(button('Zoom in'));
  expect(seen).toEqual({ zoom: 1.25, x: 0.5, y: 0.5 });
  await userEvent.click(button('Zoom out'));
  expect(seen).toEqual(WHOLE);
});

it('there is no way out of a film that is whole', () => {
  show(WHOLE);
  expect(button('Zoom out')).toBeDisabled();
  expect(button('Zoom in')).toBeEnabled();
});

it('there is no way further in than the most', () => {
  show({ ...WHOLE, zoom: MOST_ZOOM });
  expect(button('Zoom in')).toBeDisabled();
  expect(button('Zoom out')).toBeEnabled();
});

it('a button shows the whole film again', async () => {
  show({ zoom: 5, x: 0.2, y: 0.3 });
  await userEvent.click(button('Show the whole film'));
  expect(seen).toEqual(WHOLE);
});
