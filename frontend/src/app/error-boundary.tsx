import { Component, type ReactNode } from 'react';
import { type WithTranslation, withTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';

type Props = WithTranslation & { children: ReactNode };

/** Catches what breaks while drawing, says so, and offers a way on. */
class Boundary extends Component<Props, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    const { t, children } = this.props;
    if (!this.state.broken) return children;
    return (
      <main className="grid min-h-dvh place-content-center gap-4 p-8 text-center">
        <div role="alert" className="grid gap-4">
          <h1 className="font-semibold text-xl">{t('broken.title')}</h1>
          <p className="text-muted">{t('broken.means')}</p>
        </div>
        <div className="flex justify-center gap-2">
          <Button onClick={() => this.setState({ broken: false })}>{t('broken.goOn')}</Button>
          <Button variant="primary" onClick={() => location.reload()}>
            {t('broken.reload')}
          </Button>
        </div>
      </main>
    );
  }
}

export const ErrorBoundary = withTranslation()(Boundary);
