import './app/mantine-styles.ts';
import './app/app.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { fetchFirstPage } from './app/router.tsx';
import { styleNonce } from './app/style-nonce.ts';

setNonce(styleNonce());
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no place for the dashboard');
fetchFirstPage();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
