import type { CertificateView } from '../../../contract/v1/certificates.ts';
import { BerthError } from '../../../kit/errors.ts';
import { endText } from '../../certificate-text.ts';
import type { CliContext } from '../../command.ts';
import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import type { FollowFlags } from '../../follow-stack.ts';
import { clean } from '../../terminal/text.ts';

const POLL_MS = 300;
/** The port at which a CA asks (RFC 8555, section 8.3). */
const CHALLENGE_PORT = 80;

export const certIssue = command<FollowFlags & { name?: string }, [domains: string[]]>({
  name: 'cert issue',
  summary: "Have a certificate from a CA by ACME, Let's Encrypt unless the settings name another one",
  details:
    'First agree to the terms of the CA: "berth settings set acmeTermsAgreed=true acmeContact=ops@example.com". The domains must lead to the ingress hosts, whose routers show the CA by HTTP that they are yours. It is renewed by itself from then on. Where there is one that is good, nothing is ordered; where the last attempt failed, another one is made. Waits for it; exit code 4 where the CA does not give it.',
  arguments: [{ name: '<DOMAIN...>', summary: 'domains that stand in it; the first one is its name' }],
  options: [{ flags: '--name <NAME>', summary: 'how it is called here' }, ...followOptions],
  examples: [['berth cert issue shop.example.com www.shop.example.com', 'one certificate for both']],
  async run(context, { name, detach, timeout }, domains) {
    const { call, globals, out, clock } = context;
    const { settings } = await call('settings.get', {});
    const lower = domains.map((domain) => domain.toLowerCase());
    let made = await call('certificate.issue', { ...(name === undefined ? {} : { name }), domains: lower });
    if (settings.routerPort !== CHALLENGE_PORT)
      out.note(
        `the CA asks at port ${CHALLENGE_PORT}: have it led to port ${settings.routerPort} of the ingress hosts`,
      );
    if (detach !== true) made = await followed(context, made, timeout);
    if (globals.json) out.json(made);
    else
      out.line(
        clean(
          made.shown === undefined
            ? `${made.name} is asked for: "berth cert ls" shows what becomes of it`
            : `${made.name}: ${made.domains.join(', ')}, until ${endText(made, clock.now())}`,
        ),
      );
    if (settings.routerTlsPort === 0)
      out.note('routers have no port for TLS yet: "berth settings set routerTlsPort=443"');
  },
});

async function followed(
  { call, clock, interrupt }: CliContext,
  asked: CertificateView,
  timeout: number | undefined,
): Promise<CertificateView> {
  const until = timeout === undefined ? undefined : clock.now() + timeout * 1000;
  for (let now = asked; ; ) {
    if ((now.acme?.failures ?? 0) > 0) throw new BerthError('conflict', now.worry);
    if (now.shown !== undefined && (now.acme?.nextAt ?? 0) > clock.now()) return now;
    if (until !== undefined && clock.now() >= until)
      throw new BerthError('timeout', `certificate ${now.name} is not there after ${timeout} s`, {
        hint: 'it goes on all the same: "berth cert ls" shows what becomes of it',
      });
    await clock.sleep(POLL_MS, interrupt);
    const found = (await call('certificate.list', {})).certificates.find(({ name }) => name === asked.name);
    if (found === undefined) throw new BerthError('not_found', `certificate ${asked.name} is no more`);
    now = found;
  }
}
