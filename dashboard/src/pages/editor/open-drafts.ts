import { Drafts } from './draft.ts';

let open: Readonly<{ user: string; drafts: Drafts }> | undefined;

/** Drafts of whoever has logged in, which outlive a walk to another page. */
export function draftsOf(user: string): Drafts {
  if (open?.user !== user) open = { user, drafts: new Drafts(user, storage()) };
  return open.drafts;
}

function storage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    // A browser that keeps nothing.
    return undefined;
  }
}
