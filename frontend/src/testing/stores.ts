import { usePreferences } from '@/features/preferences/store';
import { useViewerSettings } from '@/features/viewer/settings';
import { clear } from '@/features/worklist/runner';
import { useWorklist } from '@/features/worklist/store';
import { useCredential } from '@/lib/credential';

/** Make the page as it is when it is opened for the first time; what is under way is given up. */
export function resetStores(): void {
  clear();
  useCredential.setState(useCredential.getInitialState(), true);
  useWorklist.setState(useWorklist.getInitialState(), true);
  useViewerSettings.setState(useViewerSettings.getInitialState(), true);
  usePreferences.setState(usePreferences.getInitialState(), true);
  localStorage.clear();
}
