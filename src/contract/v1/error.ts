import { z } from 'zod';
import { ERROR_CODES } from '../../kit/errors.ts';

/** Body of every answer from 400 up. */
export const errorBodySchema = z.object({
  code: z.enum(ERROR_CODES),
  /** What was wrong and with which value, one line. */
  message: z.string(),
  /** What to do next. */
  hint: z.string().optional(),
  /** The engine's own status, where code is `engine`. */
  status: z.number().optional(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;
