import { expect, it } from 'vitest';
import { placementProblem } from './placement-problem.ts';

it.each([
  ['constraint:rack==r1', undefined],
  ['affinity:service!=db', undefined],
  ['reschedule:on-node-failure', undefined],
  ['constraint:node=~x', 'has the unknown operator "=~"'],
  ['constraint:node==/[/', 'is no regular expression'],
  ['availability:az==x', 'write a number of domains'],
  ['reschedule:sometimes', 'write on-node-failure or off'],
])('says what is wrong with %s', (entry, problem) => {
  const said = placementProblem({ Env: [entry] });
  if (problem === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(problem);
});

it.each([
  ['com.docker.swarm.constraints', '["rack==r1"]', undefined],
  ['com.docker.swarm.constraints', 'rack==r1', 'is not a JSON array of strings: "rack==r1"'],
  ['com.docker.swarm.affinities', '["image"]', 'image'],
  ['com.docker.swarm.reschedule-policies', '["never"]', 'write on-node-failure or off'],
  ['berth.availability', '["az==x"]', 'write a number of domains'],
  ['berth.placement', '{"constraints": ["rack==r1"]}', 'has the unknown key "rack"'],
  ['some.other', 'rack==r1', undefined],
])('says what is wrong with the label %s=%s', (name, value, problem) => {
  const said = placementProblem({ Labels: { [name]: value } });
  if (problem === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(problem);
});
