type Preference = 'language' | 'log-times' | 'log-wrap' | 'terminal-aloud';

/** What this browser keeps for its user; nothing where it keeps nothing (private windows). */
export function readPreference(name: Preference): string | undefined {
  try {
    return localStorage.getItem(`berth-${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function writePreference(name: Preference, value: string): void {
  try {
    localStorage.setItem(`berth-${name}`, value);
  } catch {
    // It is asked for again next time.
  }
}
