import { useCallback, useEffect, useRef, useState } from 'react';
import { SignIn } from '@/features/access/sign-in';
import { useAccess } from '@/features/access/use-access';
import { useDrop } from '@/features/intake/use-drop';
import { usePaste } from '@/features/intake/use-paste';
import { useTheme } from '@/features/preferences/use-theme';
import { ServiceNotice } from '@/features/service/service-notice';
import { useServiceState } from '@/features/service/use-service-state';
import { Announcer } from '@/features/worklist/announcer';
import { signedIn, signedOut } from '@/features/worklist/runner';
import { useWorklist } from '@/features/worklist/store';
import { takeIn } from '@/features/worklist/take-in';
import { useLeaveGuard } from '@/features/worklist/use-leave-guard';
import { mustSignIn, useCredential } from '@/lib/credential';
import { Disclaimer } from './disclaimer';
import { Header } from './header';
import { Help } from './help';
import { UpdateNotice } from './update-notice';
import { useKeptFocus } from './use-kept-focus';
import { useShortcuts } from './use-shortcuts';
import { Welcome } from './welcome';
import { Workspace } from './workspace';

export function App() {
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const service = useServiceState();
  const access = useAccess();
  const { bearer, signedOut: left } = useCredential();
  const signIn = useCredential(mustSignIn) ? access : null;
  const empty = useWorklist(({ films }) => films.length === 0);
  useEffect(() => {
    if (bearer !== null) signedIn();
  }, [bearer]);
  useEffect(() => {
    if (left) signedOut();
  }, [left]);
  useTheme();
  useDrop(takeIn);
  usePaste(takeIn);
  useLeaveGuard();
  useKeptFocus(main);
  useShortcuts(useCallback(() => setHelp(true), []));
  return (
    <div className="flex min-h-dvh flex-col bg-page lg:h-dvh">
      <Header service={service} onHelp={() => setHelp(true)} />
      <ServiceNotice state={service} />
      <UpdateNotice />
      <main
        ref={main}
        tabIndex={-1}
        className="-outline-offset-2 flex min-h-0 flex-1 flex-col overflow-y-auto"
      >
        {signIn && (
          <div className={empty ? 'm-auto w-full p-4' : 'shrink-0 p-3 pb-0'}>
            <SignIn access={signIn} />
          </div>
        )}
        {!empty && <Workspace onFiles={takeIn} />}
        {empty && !signIn && <Welcome onFiles={takeIn} />}
      </main>
      <Disclaimer />
      <Announcer />
      <Help open={help} onOpenChange={setHelp} />
    </div>
  );
}
