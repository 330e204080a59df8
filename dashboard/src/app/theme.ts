import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const harbour: MantineColorsTuple = [
  ...(['#eef5fc', '#d9e8f7', '#b3d0ee', '#8ab6e5', '#669fdd', '#4a8dd6'] as const),
  ...(['#357dca', '#2468b0', '#1c5796', '#12406f'] as const),
];

/** Of a colour with the surfaces in `app.css`. */
const dark: MantineColorsTuple = [
  ...(['#d8dde5', '#b7bfca', '#98a2b3', '#6b7585', '#454d5a', '#363d48'] as const),
  ...(['#262c35', '#1c2027', '#171a20', '#14171c'] as const),
];

/** Text on every surface has the contrast of WCAG AA; what Mantine has by itself is below it in places. */
export const theme = createTheme({
  colors: { harbour, dark },
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'md',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  cursorType: 'pointer',
  respectReducedMotion: true,
  // A menu has nothing in it but what a menu may have: its first item has the focus.
  components: { Menu: { defaultProps: { withInitialFocusPlaceholder: false } } },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#566070',
    '--mantine-color-placeholder': '#697386',
    '--mantine-color-error': '#c22a2a',
    '--mantine-color-anchor': '#1c5796',
  },
  dark: {
    '--mantine-color-dimmed': '#a9b1bd',
    '--mantine-color-placeholder': '#8f98a5',
    '--mantine-color-error': '#ff8f8f',
    '--mantine-color-anchor': '#8ab6e5',
  },
});
