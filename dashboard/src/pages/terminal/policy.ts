import type { Terminal } from '@xterm/xterm';
import { styleNonce } from '../../app/style-nonce.ts';

/**
 * xterm.js gives letters their colours by an attribute `style`, which a Content-Security-Policy takes for one that came in
 * with somebody's HTML. Set as a property, which only a script of the page's own can do, it is let in.
 */
HTMLSpanElement.prototype.setAttribute = function setAttribute(name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};

/** Opens a terminal; the style elements that it makes meanwhile get the number that lets them in. */
export function openIn(terminal: Terminal, box: HTMLElement): void {
  const make = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = make(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = styleNonce();
    return element;
  }) as typeof document.createElement;
  try {
    terminal.open(box);
  } finally {
    // The one of its prototype shows again.
    Reflect.deleteProperty(document, 'createElement');
  }
}
