import i18next, { type BackendModule } from 'i18next';
import LanguageDetector from 'i18next-browser-languagedetector';
import { initReactI18next } from 'react-i18next';
import { LANGUAGES, type Language } from '@/lib/languages';
import en from '@/locales/en.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

const catalogues: Record<Exclude<Language, 'en'>, () => Promise<{ default: object }>> = {
  es: () => import('@/locales/es.json'),
  fr: () => import('@/locales/fr.json'),
  hi: () => import('@/locales/hi.json'),
  zh: () => import('@/locales/zh.json'),
};

/** English travels with the page, each other language when it is first asked for. */
const onDemand: BackendModule = {
  type: 'backend',
  init: () => {},
  read: (language, _namespace, done) => {
    const load = catalogues[language as keyof typeof catalogues];
    if (!load) return done(null, {});
    load().then(
      (catalogue) => done(null, catalogue.default),
      (error: Error) => done(error, false),
    );
  },
};

i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language;
});

export const ready = i18next
  .use(onDemand)
  .use(LanguageDetector)
  .use(initReactI18next)
  .init({
    resources: { en: { translation: en } },
    partialBundledLanguages: true,
    fallbackLng: 'en',
    supportedLngs: Object.keys(LANGUAGES),
    nonExplicitSupportedLngs: true,
    load: 'languageOnly',
    interpolation: { escapeValue: false }, // React escapes
    detection: {
      order: ['localStorage', 'navigator'],
      caches: ['localStorage'],
      lookupLocalStorage: 'pneumonet.language',
    },
  });

export default i18next;
