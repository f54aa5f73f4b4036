/** The page's languages, each by its own name. */
export const LANGUAGES = { en: 'English', es: 'Español', fr: 'Français', hi: 'हिन्दी', zh: '中文' } as const;

export type Language = keyof typeof LANGUAGES;
