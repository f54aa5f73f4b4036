import { HeatButtons } from './heat-buttons';
import { OpacitySlider } from './opacity-slider';
import { WindowControls } from './window-controls';

/** Everything that changes how the film looks, in reach below it. */
export function Toolbar({ mapped }: { mapped: boolean }) {
  return (
    <div className="grid gap-2 border-line border-t bg-panel p-3">
      <HeatButtons mapped={mapped} />
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <OpacitySlider mapped={mapped} />
        <WindowControls />
      </div>
    </div>
  );
}
