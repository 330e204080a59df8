import type { PageName, RouterState } from '../model/router.ts';
import { literal } from './quote.ts';

type Page = Readonly<{ status: number; text: string; more?: readonly string[] }>;

/** What a person sees, and what to do next. Plain text, so that no domain in it can be a script. */
export const PAGES: Readonly<Record<PageName, Page>> = {
  nobody: {
    status: 404,
    text: 'Nothing is served here for {domain}.\n\nNo service has this domain and path. Check the address, or the routes of the service that should answer.\n',
  },
  unavailable: {
    status: 503,
    text: 'No healthy container for {domain}.\n\nThe domain is known, but nothing that it leads to can answer at the moment. Try again in a few seconds.\n',
    more: ['hdr', 'Retry-After', '5'],
  },
  forbidden: { status: 403, text: 'Your address may not use {domain}.\n' },
  'too-large': { status: 413, text: 'The request is larger than {domain} takes.\n' },
  'too-many': {
    status: 429,
    text: 'Too many requests to {domain} from your address. Try again later.\n',
    more: ['hdr', 'Retry-After', '5'],
  },
  // The request is gone by then, and its domain is not kept for these two.
  'bad-gateway': { status: 502, text: 'The container gave an answer that is not HTTP, or none.\n' },
  timeout: { status: 504, text: 'The container took too long to answer.\n' },
  'bad-request': {
    status: 400,
    text: 'The request to {domain} is malformed: its path or its Host header.\n',
  },
};

/**
 * A page as HAProxy's log-format text.
 * @param domain the sample that has it
 */
export function pageText(name: PageName, pages: RouterState['pages'], domain: string): string {
  const text = pages[name] ?? PAGES[name].text;
  return text.split('{domain}').map(literal).join(`%[${domain}]`);
}
