/** Where every host answers names, inside of each network's namespace (RFC 3927: link-local, never routed). */
export const NAMES_ADDRESS = '169.254.53.53';
