import type { ReactNode } from 'react';
import type { Role } from '../../../src/contract/page-client.ts';
import type { JsonRouteName } from '../../../src/contract/v1/routes.ts';
import { client } from '../cluster/client.ts';
import type { Way } from '../parts/copy.tsx';

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
  isDangerous?: boolean;
  /** What is asked before; without it, it is done at once. */
  confirm?: Readonly<{
    title: string;
    /** What will be, and what is lost. */
    texts: readonly string[];
    body?: ReactNode;
    /** What has to be typed. */
    typed?: Readonly<{ label: string; word: string }>;
  }>;
}>;

/** @throws BerthError what the manager says */
export async function perform({ way }: Action): Promise<void> {
  await client.call(way.route, way.input as never);
}
