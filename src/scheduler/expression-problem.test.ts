import { expect, it } from 'vitest';
import { expressionProblem } from './expression-problem.ts';

it.each([
  ['constraint:rack==r1', undefined],
  ['affinity:service!=db', undefined],
  ['reschedule:on-node-failure', undefined],
  ['constraint:node=~x', 'has the unknown operator "=~"'],
  ['constraint:node==/[/', 'is no regular expression'],
  ['availability:az==x', 'write a number of domains'],
  ['reschedule:sometimes', 'write on-node-failure or off'],
])('says what is wrong with %s', (entry, problem) => {
  const said = expressionProblem(entry);
  if (problem === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(problem);
});
