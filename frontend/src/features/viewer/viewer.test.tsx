import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Heatmap } from '@/lib/heatmap';
import { stubCanvas } from '@/testing/canvas';
import { stubPictures } from '@/testing/pictures';
import { resetStores } from '@/testing/stores';
import { useViewerSettings } from './settings';
import { Viewer } from './viewer';

const MAP: Heatmap = { columns: 1, rows: 1, values: Float32Array.of(1) };

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
  stubCanvas();
  stubPictures({ width: 200, height: 100 });
});
afterEach(resetStores);

const panes = () => screen.getAllByRole('group', { name: /arrow keys/ });
const button = (name: string) => screen.getByRole('button', { name });

async function show(map: Heatmap | null): Promise<void> {
  render(<Viewer url="blob:film" map={map} mapLabel="Film and map" />);
  await screen.findAllByRole('img', { name: 'Chest radiograph' });
}

describe('the viewer', () => {
  it('shows a film with its map over it', async () => {
    await show(MAP);
    expect(panes()).toHaveLength(1);
    expect(panes()[0]).toHaveAccessibleName(/^Film and map:/);
    expect(screen.getByTestId('heat')).toBeInTheDocument();
  });

  it('shows the film alone when the map is turned off', async () => {
    await show(MAP);
    await userEvent.click(button('Map'));
    expect(panes()[0]).toHaveAccessibleName(/^Film:/);
    expect(screen.queryByTestId('heat')).not.toBeInTheDocument();
  });

  it('shows the film alone beside the film with its map, even if the map was turned off before', async () => {
    await show(MAP);
    await userEvent.click(button('Map'));
    await userEvent.click(button('Side by side'));
    expect(panes()).toHaveLength(2);
    expect(panes()[0]).toHaveAccessibleName(/^Film:/);
    expect(panes()[1]).toHaveAccessibleName(/^Film and map:/);
    expect(panes()[1]).toContainElement(screen.getByTestId('heat'));
  });

  it('shows a film without a map once, even side by side', async () => {
    useViewerSettings.getState().set({ sideBySide: true });
    await show(null);
    expect(panes()).toHaveLength(1);
    expect(panes()[0]).toHaveAccessibleName(/^Film:/);
  });

  it('moves both panes together', async () => {
    await show(MAP);
    await userEvent.click(button('Side by side'));
    await userEvent.click(button('Zoom in'));
    for (const picture of screen.getAllByRole('img', { name: 'Chest radiograph' }))
      expect(picture).toHaveStyle({ width: '500px' });
  });

  it('says of a file that this browser cannot show that it cannot', async () => {
    stubPictures('unreadable');
    render(<Viewer url="blob:film" map={null} mapLabel="" />);
    expect(await screen.findByText('This browser cannot show this file.')).toBeInTheDocument();
  });
});
