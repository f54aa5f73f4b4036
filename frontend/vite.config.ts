import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { VitePWA } from 'vite-plugin-pwa';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const browser = {
  environment: 'node' as const,
  globalSetup: ['e2e/served.ts'],
  fileParallelism: false,
  // A test waits for what it is sure of, on a busy machine too.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    VitePWA({
      // A page that holds films is never reloaded under its reader: they are asked.
      registerType: 'prompt',
      manifest: {
        name: 'PneumoNet',
        short_name: 'PneumoNet',
        description: 'Reads a chest radiograph, with its doubt and its reason.',
        theme_color: '#0b0e12',
        background_color: '#0b0e12',
        display: 'standalone',
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{js,css,html,svg,png}'],
        // The service's own addresses are never answered from a cache.
        navigateFallbackDenylist: [/^\/(access|api|docs|health|metrics|openapi\.json|predict|ready)([/?]|$)/],
      },
    }),
  ],
  resolve: { alias: { '@': here('./src'), 'react-style-singleton': here('./src/lib/style-singleton.ts') } },
  build: {
    target: 'es2022',
    // jsPDF loads these for HTML and SVG only, which no report holds.
    rolldownOptions: { external: ['canvg', 'dompurify', 'html2canvas'] },
  },
  server: {
    proxy: { '/api': process.env.API_TARGET ?? 'http://127.0.0.1:5000' },
    // The figures of the model card lie beside this folder.
    fs: { allow: [here('..')] },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'jsdom',
          include: ['src/**/*.test.{ts,tsx}'],
          setupFiles: ['src/testing/setup.ts'],
        },
      },
      {
        extends: true,
        test: { ...browser, name: 'e2e', include: ['e2e/**/*.e2e.ts'] },
      },
      {
        extends: true,
        test: { ...browser, name: 'screenshots', include: ['e2e/screenshots.ts'] },
      },
      {
        extends: true,
        test: { ...browser, name: 'lighthouse', include: ['e2e/lighthouse.ts'] },
      },
    ],
  },
});
