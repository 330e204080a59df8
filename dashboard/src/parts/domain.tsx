import { domainText, domainTitle } from './domain-text.ts';

/** A domain, with its path where it has one, as people write it. @param name as it is stored; several with commas between */
export function Domain({ name }: Readonly<{ name: string }>) {
  return <bdi title={domainTitle(name)}>{domainText(name)}</bdi>;
}
