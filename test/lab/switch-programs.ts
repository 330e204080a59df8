const FOLDER = '/run/openvswitch';
const DATABASE = `${FOLDER}/conf.db`;
const SOCKET = `${FOLDER}/db.sock`;
const QUIET = ['--pidfile', '--detach', '--no-chdir', '-vconsole:off'];

/** What a switch reads its database's tables from. */
export const SWITCH_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

/** Commands that start an Open vSwitch on a host, in this order, in a folder that only the host sees. */
export const START_SWITCH: readonly (readonly string[])[] = [
  ['mkdir', '-p', FOLDER],
  ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', FOLDER],
  ['ovsdb-tool', 'create', DATABASE, SWITCH_SCHEMA],
  ['ovsdb-server', DATABASE, `--remote=punix:${SOCKET}`, `--log-file=${FOLDER}/ovsdb.log`, ...QUIET],
  ['ovs-vsctl', '--timeout=10', '--no-wait', 'init'],
  ['ovs-vswitchd', `unix:${SOCKET}`, `--log-file=${FOLDER}/vswitchd.log`, ...QUIET],
];
