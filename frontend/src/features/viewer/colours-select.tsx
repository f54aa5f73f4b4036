import { useTranslation } from 'react-i18next';
import { Select } from '@/components/ui/select';
import { COLOUR_MAPS, type ColourMap, gradientOf } from '@/lib/colour-map';
import { useViewerSettings } from './settings';

/** The map's colours, with their legend. */
export function ColoursSelect() {
  const { t } = useTranslation();
  const { colours, set } = useViewerSettings();
  return (
    <div className="ms-auto flex items-center gap-2">
      <span className="flex items-center gap-1 text-muted text-xs">
        {t('viewer.little')}
        <span
          aria-hidden
          className="h-3 w-14 rounded-sm forced-color-adjust-none"
          style={{ background: gradientOf(colours) }}
        />
        {t('viewer.much')}
      </span>
      <Select
        aria-label={t('viewer.colours')}
        value={colours}
        onChange={(event) => set({ colours: event.target.value as ColourMap })}
      >
        {Object.keys(COLOUR_MAPS).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  );
}
