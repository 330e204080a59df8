import type { ReactNode } from 'react';
import type { Role } from '../../../src/contract/page-client.ts';
import type { JsonRouteName } from '../../../src/contract/v1/routes.ts';
import { client } from '../cluster/client.ts';
import type { There } from '../cluster/there.ts';
import type { OtherWay, Way } from '../parts/copy.tsx';

/** Something that a person does to something: the same in the palette, on a page, and in a dialog. */
export type Action = Readonly<{
  /** `cordon`, … */
  id: string;
  /** `Cordon`. */
  label: string;
  /** Name of what it is done to. */
  target: string;
  needs: Role;
  way: Way & Readonly<{ route: JsonRouteName }>;
  /** Does it, where that is more than one call. @throws BerthError what the manager says */
  run?(): Promise<void>;
  isDangerous?: boolean;
  /** The manager's answer says that it has begun, not that it is done. */
  isLong?: boolean;
  /** Why it cannot be done now, whoever asks. */
  whyNot?: string | undefined;
  /** Whether what it is done to is still there; hosts and containers are looked for in the live picture. */
  there?: There;
  /** What is said where that is gone, if it is not its target that was removed. */
  gone?: string;
  /** What is asked before; without it, it is done at once. */
  confirm?: Readonly<{
    title: string;
    /** What will be, and what is lost. */
    texts: readonly string[];
    body?: ReactNode | ((choose: (chosen: Chosen) => void) => ReactNode);
    /** What has to be typed. */
    typed?: Readonly<{ label: string; word: string }>;
  }>;
}>;

/** What somebody has chosen in a question: how it is done then. */
export type Chosen = Partial<Pick<Action, 'way' | 'run'>>;

/** @throws BerthError what the manager says */
export async function perform({ way, run }: Action): Promise<void> {
  if (run !== undefined) await run();
  else await client.call(way.route, way.input as never);
}

/** How those are done that are done at once: nothing is asked in which their way would stand. */
export function waysAtOnce(actions: readonly Action[]): readonly OtherWay[] {
  return actions
    .filter(({ confirm, whyNot }) => confirm === undefined && whyNot === undefined)
    .map(({ label, way }) => ({ title: label, way }));
}
