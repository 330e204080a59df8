import type { KeptFile } from '../../../model/kept-file.ts';
import { LABEL_NAMESPACE } from '../services/names.ts';

/** A config or secret as Docker's clients see it; `data`, in base64, is of configs alone. */
export function dockerFileView(file: KeptFile, data?: string): Readonly<Record<string, unknown>> {
  const { id, name, labels, version, createdAt, updatedAt, stack } = file;
  return {
    ID: id,
    Version: { Index: version },
    CreatedAt: new Date(createdAt).toISOString(),
    UpdatedAt: new Date(updatedAt).toISOString(),
    Spec: {
      Name: name,
      Labels: stack === undefined ? labels : { ...labels, [LABEL_NAMESPACE]: stack },
      ...(data === undefined ? {} : { Data: data }),
    },
  };
}
