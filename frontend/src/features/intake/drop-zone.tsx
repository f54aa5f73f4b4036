import { clsx } from 'clsx';
import { ImagePlus } from 'lucide-react';
import { useDropzone } from 'react-dropzone';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';

interface DropZoneProps {
  onFiles: (files: File[]) => void;
  /** Small beside a work-list, large on an empty page. */
  large: boolean;
}

/** Takes films by drop or from the file dialog; what is no film is refused by name on the work-list. */
export function DropZone({ onFiles, large }: DropZoneProps) {
  const { t } = useTranslation();
  const { getRootProps, getInputProps, isDragActive, open } = useDropzone({
    onDrop: (files) => files.length > 0 && onFiles(files),
    noClick: true,
    noKeyboard: true,
    preventDropOnDocument: false, // useDrop does, and lets text into text fields
  });
  return (
    <div
      {...getRootProps({ role: 'presentation' })}
      data-drop-zone
      className={clsx(
        'flex flex-col items-center justify-center gap-3 rounded-xl border-2 border-dashed text-center',
        isDragActive ? 'border-accent bg-accent-soft' : 'border-line-strong',
        large ? 'min-h-72 p-8' : 'p-3',
      )}
    >
      <input
        {...getInputProps({
          'aria-label': t('intake.browse'),
          accept: '.jpg,.jpeg,.png,image/jpeg,image/png',
        })}
      />
      {large && <ImagePlus aria-hidden className="size-10 text-accent" />}
      {large && <p className="font-semibold text-lg">{t('intake.drop')}</p>}
      <Button variant="primary" onClick={open}>
        <ImagePlus aria-hidden />
        {t('intake.browse')}
      </Button>
      <p className="text-muted text-xs">{t('intake.limits')}</p>
    </div>
  );
}
