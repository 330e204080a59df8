import './tab-page.css';
import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTitle } from '../app/shell.tsx';

type Tab = Readonly<{
  id: string;
  label: string;
  body: ReactNode;
  /** It stays as it is while another one is looked at, with what was typed. */
  isKept?: boolean;
}>;

type Props = Readonly<{
  title: string;
  /** The first one is shown where none is chosen. */
  tabs: readonly Tab[];
  chosen: string | undefined;
  onChoose(id: string): void;
}>;

/** A page whose parts are tabs, one of which the address names. */
export function TabPage({ title, tabs, chosen, onChoose }: Props) {
  useTitle(title);
  const shown = tabs.find(({ id }) => id === chosen) ?? tabs[0];
  return (
    <>
      <div className="head">
        <h1>{title}</h1>
      </div>
      <Tabs
        value={shown?.id ?? null}
        onChange={(id) => {
          if (id !== null) onChoose(id);
        }}
      >
        <Tabs.List className="tab-list">
          {tabs.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ id, body, isKept = false }) => (
          <Tabs.Panel key={id} value={id}>
            {(isKept || id === shown?.id) && body}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
