import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { openIn } from './policy.ts';

/** Lines above the screen that can be scrolled back to. */
const SCROLLBACK = 5000;

/** Colours of programs; that they can be read on the surface is `minimumContrastRatio`'s care. */
const LIGHT: ITheme = {
  ...{ background: '#f7f9fb', foreground: '#1f2733', cursor: '#1f2733', cursorAccent: '#f7f9fb' },
  ...{
    selectionBackground: '#b3d0ee',
    black: '#24292f',
    red: '#b42318',
    green: '#1a6e3c',
    yellow: '#7a5200',
  },
  ...{ blue: '#1c5796', magenta: '#7a2fa0', cyan: '#0b6b74', white: '#566070', brightBlack: '#57606a' },
  ...{ brightRed: '#c92a2a', brightGreen: '#1f7a45', brightYellow: '#8a5c00', brightBlue: '#2468b0' },
  ...{ brightMagenta: '#8a3db3', brightCyan: '#0f7680', brightWhite: '#1f2733' },
};
const DARK: ITheme = {
  ...{ background: '#14171c', foreground: '#d8dde5', cursor: '#d8dde5', cursorAccent: '#14171c' },
  ...{
    selectionBackground: '#2c4a6b',
    black: '#454d5a',
    red: '#ff7b7b',
    green: '#46c17c',
    yellow: '#f0b04f',
  },
  ...{ blue: '#5b9be0', magenta: '#cf8ef4', cyan: '#4fc3cf', white: '#d8dde5', brightBlack: '#98a2b3' },
  ...{ brightRed: '#ff9c9c', brightGreen: '#76d9a0', brightYellow: '#ffca7a', brightBlue: '#8ab6e5' },
  ...{ brightMagenta: '#e0b3fa', brightCyan: '#86dde6', brightWhite: '#ffffff' },
};

type Hooks = Readonly<{
  onInput(bytes: Uint8Array<ArrayBuffer>): void;
  onSize(columns: number, rows: number): void;
  /** The person wants the focus out of it. */
  onLeave(): void;
}>;

export type Screen = Readonly<{
  columns: number;
  rows: number;
  write(bytes: Uint8Array, shown: () => void): void;
  focus(): void;
  /** Nothing more is typed into it. */
  freeze(): void;
  setLook(look: Readonly<{ isDark: boolean; isAloud: boolean }>): void;
  dispose(): void;
}>;

/** A terminal's screen that fills a box, whatever size that gets. */
export function newScreen(box: HTMLElement, label: string, { onInput, onSize, onLeave }: Hooks): Screen {
  const terminal = new Terminal({
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily: getComputedStyle(box).getPropertyValue('--mantine-font-family-monospace'),
    fontSize: 13,
    minimumContrastRatio: 4.5,
    scrollback: SCROLLBACK,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  openIn(terminal, box);
  terminal.textarea?.setAttribute('aria-label', label);
  const encoder = new TextEncoder();
  terminal.onData((text) => onInput(encoder.encode(text)));
  // Reports of the mouse in an old protocol: bytes, one each letter.
  terminal.onBinary((text) => onInput(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  terminal.onResize(({ cols, rows }) => onSize(cols, rows));
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey) return true;
    if (event.code === 'ArrowUp') onLeave();
    else if (event.code === 'KeyC' && terminal.hasSelection())
      void navigator.clipboard.writeText(terminal.getSelection()).catch(() => undefined);
    else return true;
    event.preventDefault();
    event.stopPropagation();
    return false;
  });
  const refit = () => {
    // Nothing is to be measured where it is not shown.
    if (box.clientWidth > 0 && box.clientHeight > 0) fit.fit();
  };
  refit();
  const observer = new ResizeObserver(refit);
  observer.observe(box);
  return {
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    write: (bytes, shown) => terminal.write(bytes, shown),
    focus: () => terminal.focus(),
    freeze: () => {
      terminal.options.disableStdin = true;
      terminal.options.cursorBlink = false;
    },
    setLook: ({ isDark, isAloud }) => {
      terminal.options.theme = isDark ? DARK : LIGHT;
      terminal.options.screenReaderMode = isAloud;
    },
    dispose: () => {
      observer.disconnect();
      terminal.dispose();
    },
  };
}
