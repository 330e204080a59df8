import { BerthError, messageOf } from '../../../kit/errors.ts';
import { compileRegex } from '../../../scheduler/regex.ts';

/**
 * A test for Docker's `name` and `id` filters, which are regular expressions, or else plain text (moby: `filters.Match`).
 * Runs in time linear in the text, whatever a user asks for.
 * @throws BerthError `bad_request` where the value is no regular expression
 */
export function nameTest(values: readonly string[] | undefined): (text: string) => boolean {
  if (values === undefined || values.length === 0) return () => true;
  const tests = values.map((value) => {
    try {
      const regex = compileRegex(value);
      return (text: string) => text === value || regex.test(text);
    } catch (thrown) {
      throw new BerthError(
        'bad_request',
        `invalid filter "${value.slice(0, 80)}": not a regular expression: ${messageOf(thrown)}`,
      );
    }
  });
  return (text) => tests.some((test) => test(text));
}

/** A test that passes where one of the values is equal, or none was asked for. */
export function exactTest(values: readonly string[] | undefined): (text: string) => boolean {
  return (text) => values === undefined || values.length === 0 || values.includes(text);
}

/**
 * A yes-or-no filter such as `dangling`: undefined where it was not asked for.
 * @throws BerthError `bad_request` naming filter and value
 */
export function booleanFilter(name: string, values: readonly string[] | undefined): boolean | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const answers = values.map((value) => {
    if (['1', 'true'].includes(value.toLowerCase())) return true;
    if (['0', 'false'].includes(value.toLowerCase())) return false;
    throw new BerthError(
      'bad_request',
      `invalid filter '${name}=${value.slice(0, 80)}': write true or false`,
    );
  });
  return answers[0];
}
