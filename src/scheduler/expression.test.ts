import { describe, expect, it } from 'vitest';
import { accepts, type ExpressionType, parseExpression } from './expression.ts';

describe('expression', () => {
  // scheduler/filter/expr_test.go, constraint_test.go and affinity_test.go of docker/swarm.
  it.each<[string, string[], boolean]>([
    ['name==foo', ['foo'], true],
    ['name==foo', ['bar'], false],
    ['name==foo', ['foo', 'bar'], true],
    ['name!=foo', ['foo'], false],
    ['name!=foo', ['bar'], true],
    ['name!=foo', ['bar', 'foo'], false],
    ['name!=foo', [], true],
    ['name==foo', [], false],
    ['name==f*o', ['fuo'], true],
    ['name!=f*o', ['foo', 'fuo', 'bar'], false],
    ['region==us', ['us-east'], false],
    ['region==us*', ['us-east'], true],
    ['region==*us*', ['us-east'], true],
    ['region!=us*', ['eu'], true],
    ['region==*', [''], true],
    ['name==/node\\d/', ['node0'], true],
    ['name==/node[12]/', ['node0'], false],
    ['name==/ode/', ['node0'], true],
    ['name==node[12]', ['node1'], true],
    ['name==ode', ['node'], false],
    ['name==/abcdef/', ['aBcDeF'], false],
    ['name==/(?i)abcdef/', ['aBcDeF'], true],
    ['name!=/(?i)abc*/', ['aBcDeF'], false],
    ['name==(1|2|3)', ['2'], true],
    ['name==(1|2|3)', ['4'], false],
    ['name!=(1|2|3)', ['4'], true],
    ['name==/(?i)^[a-b]+c*(n|b)$/', ['ABCN'], true],
    ['node==node 1', ['node 1'], true],
    ['_node==_node1', ['_node1'], true],
    ['com.example.rack==r1', ['r1'], true],
    ['image==redis:3.2', ['redis:3.2'], true],
    ['image==registry:5000/team/app:1', ['registry:5000/team/app:1'], true],
    ['name==/a{2}/', ['caab'], true],
    ['name==/', ['/'], true],
    ['name===a', ['=a'], true],
  ])('%s on %j is %s', (text, values, expected) => {
    expect(accepts(parseExpression('constraint', text), values)).toBe(expected);
  });

  it('is soft with ~ after the operator', () => {
    expect(parseExpression('constraint', 'node==~a*')).toMatchObject({
      soft: true,
      value: 'a*',
      text: 'node==~a*',
    });
    expect(parseExpression('affinity', 'image!=~redis')).toMatchObject({
      soft: true,
      negated: true,
      value: 'redis',
    });
    expect(parseExpression('constraint', 'node==a')).toMatchObject({ soft: false });
  });

  it.each<[ExpressionType, string, RegExp]>([
    ['constraint', '1node==a', /^constraint "1node==a" has the key "1node": write a key of/],
    ['constraint', 'node ==a', /has the key "node "/],
    ['constraint', 'no*de==a', /has the key "no\*de"/],
    ['constraint', 'n==a', /has the key "n"/],
    ['constraint', '==a', /has the key ""/],
    [
      'constraint',
      'name=node0',
      /^constraint "name=node0" has the unknown operator "=": write name==value or !=value$/,
    ],
    ['constraint', 'name=!node0', /has the unknown operator "=!"/],
    [
      'constraint',
      'memory>=4',
      /^constraint "memory>=4" has the unknown operator ">=": write memory==value or !=value$/,
    ],
    ['constraint', 'name=~node0', /has the unknown operator "=~"/],
    ['constraint', 'node1', /^constraint "node1" has no operator: write node1==value/],
    ['constraint', 'region==~us~', /has the value "~us~"/],
    ['constraint', 'node==', /has no value: write node==value$/],
    ['constraint', 'node==~', /has no value/],
    ['constraint', 'node==a;b', /has the value "a;b"/],
    ['affinity', 'image=redis', /^affinity "image=redis" has the unknown operator/],
    [
      'constraint',
      'node==/(a/',
      /has the value "\/\(a\/", which is no regular expression: it has a \( without its \)/,
    ],
    ['constraint', 'node==(a', /no regular expression/],
    ['constraint', `node==/${'a'.repeat(600)}/`, /has 600 characters, at most 512/],
    ['availability', 'az!=3', /has the operator "!=": write az==3$/],
    ['availability', 'az==three', /has the value "three": write a number of domains, such as az==3$/],
    ['availability', 'az==0', /has the value "0"/],
  ])('%s "%s" is refused', (type, text, message) => {
    expect(() => parseExpression(type, text)).toThrow(message);
    expect(() => parseExpression(type, text)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('compares names in a whitelist, not patterns', () => {
    const expression = parseExpression('whitelist', 'node==a.|b');
    expect(accepts(expression, ['a.'])).toBe(true);
    expect(accepts(expression, ['ab'])).toBe(false);
    expect(accepts(expression, ['b'])).toBe(true);
  });

  it('does not hang on an expression that was made to', () => {
    const started = performance.now();
    expect(accepts(parseExpression('constraint', 'name==/^(a+)+$/'), [`${'a'.repeat(2000)}!`])).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
