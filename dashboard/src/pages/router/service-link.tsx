import { Link } from '@tanstack/react-router';

/** @param service STACK/NAME */
export function ServiceLink({ service: key }: Readonly<{ service: string }>) {
  const [stack = '', service = ''] = key.split('/');
  return (
    <Link className="quiet" to="/stacks/$stack/services/$service" params={{ stack, service }} title={key}>
      {key}
    </Link>
  );
}
