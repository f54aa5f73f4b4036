/** Read the build's environment: the only place that does. */
export const env = {
  /** Where the API answers, without a slash at the end. */
  apiUrl: (import.meta.env.VITE_API_URL || '/api').replace(/\/+$/, ''),
} as const;
