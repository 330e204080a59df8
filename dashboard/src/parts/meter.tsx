type Props = Readonly<{
  label: string;
  used: number;
  all: number;
  /** `1.5 GiB of 4 GiB`. */
  text: string;
  /** Where a heading beside it says what it is of. */
  hideLabel?: boolean;
  /** All of it is what is wanted, rather than too much. */
  isGoal?: boolean;
}>;

/** Nearly all of it is taken. */
const FULL = 0.9;

/** How much of something is taken. */
export function Meter({ label, used, all, text, hideLabel = false, isGoal = false }: Props) {
  const share = all === 0 ? 0 : used / all;
  const percent = Math.round(share * 100);
  return (
    <div className="meter">
      <div className="meter-text">
        <span>{hideLabel ? text : label}</span>
        <span>{hideLabel ? `${percent} %` : text}</span>
      </div>
      <div
        className="meter-bar"
        role="meter"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
      >
        <div
          className={isGoal && share >= 1 ? 'whole' : !isGoal && share >= FULL ? 'full' : ''}
          style={{ width: `${Math.min(100, share * 100)}%` }}
        />
      </div>
    </div>
  );
}
