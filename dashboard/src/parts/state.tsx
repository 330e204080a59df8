import { en, type MessageKey } from '../i18n/en.ts';
import { type Text, useText } from '../i18n/text.tsx';

export type Tone = 'good' | 'busy' | 'bad' | 'idle';

const TONES: Readonly<Record<string, Tone>> = {
  ...{ running: 'good', ready: 'good', healthy: 'good' },
  ...{ restarting: 'busy', removing: 'busy', pending: 'busy', suspect: 'busy', starting: 'busy' },
  ...{ dead: 'bad', unreachable: 'bad', down: 'bad', unhealthy: 'bad' },
};

/** What is bad about a container's state counts more than that it runs. */
export function toneOf(state: string, health = 'none'): Tone {
  if (state === 'running' && health !== 'none') return TONES[health] ?? 'good';
  return TONES[state] ?? 'idle';
}

/** A state in words, with a colour for those who see it. */
export function State({ state, health = 'none' }: Readonly<{ state: string; health?: string }>) {
  const t = useText();
  const tone = toneOf(state, health);
  return (
    <span className={`state tone-${tone}${tone === 'idle' ? ' hollow' : ''}`}>
      <span>
        {isProbed(state, health) ? (
          // In a row on a telephone its health alone: one that does not run has none.
          <>
            <span className="wide">{wordOf(t, 'state', state)}, </span>
            {wordOf(t, 'health', health)}
          </>
        ) : (
          wordOf(t, 'state', state)
        )}
      </span>
    </span>
  );
}

/** `running, unhealthy`. */
export function stateText(t: Text, state: string, health = 'none'): string {
  const text = wordOf(t, 'state', state);
  return isProbed(state, health) ? `${text}, ${wordOf(t, 'health', health)}` : text;
}

function isProbed(state: string, health: string): boolean {
  return health !== 'none' && state === 'running';
}

/** A word of the manager's in the person's language; as it is, where a newer manager has more of them. */
export function wordOf(t: Text, kind: 'state' | 'health' | 'role', word: string): string {
  const key = `${kind}.${word}`;
  return key in en ? t(key as MessageKey) : word;
}
