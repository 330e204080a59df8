import { type DragEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { type Dropped, droppedOn, hasFiles } from './dropped.ts';

type Props = Readonly<{
  label: string;
  /** What is shown while files are over it. */
  text: string;
  /** Undefined where none are taken now. */
  onDrop: ((dropped: Dropped) => void) | undefined;
  children: ReactNode;
}>;

/** A part of the page on which files may be let fall. Beside it they are not taken for a page to go to. */
export function DropZone({ label, text, onDrop, children }: Props) {
  // Parts of it are entered and left as well.
  const depth = useRef(0);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const stay = (event: globalThis.DragEvent) => {
      if (event.dataTransfer !== null && hasFiles(event.dataTransfer)) event.preventDefault();
    };
    window.addEventListener('dragover', stay);
    window.addEventListener('drop', stay);
    return () => {
      window.removeEventListener('dragover', stay);
      window.removeEventListener('drop', stay);
    };
  }, []);
  const move = (by: number) => (event: DragEvent) => {
    if (!hasFiles(event.dataTransfer)) return;
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  };
  const drop = (event: DragEvent) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    onDrop?.(droppedOn(event.dataTransfer));
  };
  return (
    <section
      aria-label={label}
      className="files-zone"
      onDragEnter={move(1)}
      onDragLeave={move(-1)}
      onDragOver={(event) => {
        if (hasFiles(event.dataTransfer)) event.dataTransfer.dropEffect = onDrop ? 'copy' : 'none';
      }}
      onDrop={drop}
    >
      {children}
      {isOver && onDrop !== undefined && (
        <div className="files-drop">
          <strong>{text}</strong>
        </div>
      )}
    </section>
  );
}
