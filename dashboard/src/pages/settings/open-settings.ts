import type { SettingsAnswer } from '../../../../src/contract/v1/cluster.ts';
import type { Draft } from './settings-draft.ts';

/** What was typed, and what was there when that began; that is undefined while nothing is typed. */
export type Typed = Readonly<{ draft: Draft; base: SettingsAnswer | undefined }>;

const NOTHING: Typed = { draft: {}, base: undefined };
let open: Readonly<{ user: string; typed: Typed }> | undefined;

/** Settings that whoever has logged in has typed and not saved, which outlive a walk to another page. */
export function typedBy(user: string): Typed {
  return open?.user === user ? open.typed : NOTHING;
}

/** Kept while the page is open, and for nobody else. */
export function keepTyped(user: string, typed: Typed): void {
  open = { user, typed };
}
