import type { Source } from './draft.ts';

/** A first stack, whole: it is read without a mistake as it is. */
export type Template = Readonly<{
  id: 'web' | 'wordpress' | 'empty';
  name: string;
  text: string;
  /** Names of variables that get a password each, made up here. */
  passwords: readonly string[];
}>;

export const TEMPLATES: readonly Template[] = [
  {
    id: 'web',
    name: 'hello',
    passwords: [],
    text: `services:
  web:
    image: nginx:alpine
    labels:
      # A domain of yours, or a name without dots below the cluster's own domain
      berth.routing.port_80: hello.example.com
    healthcheck:
      test: wget -qO- http://127.0.0.1/
      interval: 5s
    deploy:
      replicas: 2
`,
  },
  {
    id: 'wordpress',
    name: 'blog',
    passwords: ['DB_PASSWORD'],
    text: `services:
  web:
    image: wordpress:6
    depends_on:
      db: { condition: service_healthy }
    environment:
      WORDPRESS_DB_HOST: db
      WORDPRESS_DB_NAME: wordpress
      WORDPRESS_DB_USER: wordpress
      WORDPRESS_DB_PASSWORD_FILE: /run/secrets/db_password
    secrets: [db_password]
    volumes: ["uploads:/var/www/html/wp-content/uploads"]
    labels:
      berth.routing.port_80: blog.example.com
      berth.probe.url: http://container/wp-login.php

  db:
    image: mariadb:10.11
    environment:
      MARIADB_DATABASE: wordpress
      MARIADB_USER: wordpress
      MARIADB_PASSWORD_FILE: /run/secrets/db_password
      MARIADB_RANDOM_ROOT_PASSWORD: "1"
    secrets: [db_password]
    volumes: ["db:/var/lib/mysql"]
    stop_grace_period: 30s
    labels:
      berth.probe.url: tcp://container:3306

volumes: { db: {}, uploads: {} }

secrets:
  db_password: { environment: DB_PASSWORD }
`,
  },
  { id: 'empty', name: '', passwords: [], text: 'services:\n  ' },
];

export function sourceOfTemplate({ name, text, passwords }: Template): Source {
  return {
    ...emptySource(name),
    files: [{ path: 'compose.yaml', text }],
    variables: passwords.map((one) => `${one}=${password()}\n`).join(''),
  };
}

/** Of a stack that was never anywhere: relative paths of binds are seen from there on each host. */
export function emptySource(name: string): Source {
  return {
    folder: `/srv/${name || 'stack'}`,
    compose: ['compose.yaml'],
    files: [{ path: 'compose.yaml', text: '' }],
    variables: '',
    profiles: [],
  };
}

/** 144 bits. */
function password(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replace(/[+/]/g, 'x');
}
