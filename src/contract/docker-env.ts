/**
 * Lines for a POSIX shell, of a folder with `ca.pem`, `cert.pem` and `key.pem`. Every value is quoted: none of them is code.
 * The folder may be copied to another machine: bash and zsh tell where this file lies now; in other shells it is used where
 * it was written.
 * @param folder undefined where that is not known: they take `berth-bundle` where they are
 */
export function dockerEnvScript(dockerHost: string, folder?: string): string {
  return [
    'unset DOCKER_CONTEXT',
    `export DOCKER_HOST=${quoted(dockerHost)}`,
    'export DOCKER_TLS_VERIFY=1',
    `export DOCKER_CERT_PATH=${folder === undefined ? '"$PWD/berth-bundle"' : quoted(folder)}`,
    `if [ -n "\${BASH_VERSION:-}" ]; then`,
    `  eval 'DOCKER_CERT_PATH=$(cd -- "$(dirname -- "\${BASH_SOURCE[0]}")" >/dev/null && pwd)'`,
    `elif [ -n "\${ZSH_VERSION:-}" ]; then`,
    `  eval 'DOCKER_CERT_PATH=\${\${(%):-%x}:A:h}'`,
    'fi',
    '',
  ].join('\n');
}

/** A word of a POSIX shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
