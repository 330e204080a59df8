import { lazyRouteComponent } from '@tanstack/react-router';
import { client } from '../cluster/client.ts';

/**
 * A page that is fetched when it is first shown. Where its file is not there any more, as a newer manager has others, the
 * router has the browser load everything again; while the manager does not answer, that would end at the browser's own
 * error page.
 */
export function lazyPage<T extends Record<string, unknown>, K extends keyof T>(
  load: () => Promise<T>,
  name: K,
) {
  let hasFailed = false;
  return lazyRouteComponent(async () => {
    try {
      const page = await load();
      if (hasFailed) await fetchStylesAgain();
      return page;
    } catch (thrown) {
      hasFailed = true;
      // Throws in its place what the page then says.
      await client.call('session.version');
      throw thrown;
    }
  }, name);
}

/** Style sheets that could not be fetched: the page's files do not ask for them twice. */
async function fetchStylesAgain(): Promise<void> {
  const links = [...document.head.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')];
  await Promise.all(links.filter((link) => !hasRules(link)).map(fetchStyleAgain));
}

/** Of a sheet that has not come there is none, or, in Chromium, one that nobody may read. */
function hasRules({ sheet }: HTMLLinkElement): boolean {
  try {
    return sheet !== null && sheet.cssRules.length > 0;
  } catch {
    return false;
  }
}

async function fetchStyleAgain(failed: HTMLLinkElement): Promise<void> {
  const link = document.createElement('link');
  for (const { name, value } of failed.attributes) link.setAttribute(name, value);
  link.nonce = failed.nonce;
  const settled = new Promise((resolve) => {
    for (const type of ['load', 'error']) link.addEventListener(type, resolve, { once: true });
  });
  failed.after(link);
  await settled;
  // One of the two is enough, whichever it is that has come.
  (hasRules(link) ? failed : link).remove();
}
