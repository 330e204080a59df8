/** Of containers that are to get another host: why one stays where it is, and why there is none for it. */
export const movesSentences = {
  'moves.moving': 'it is being moved already',
  'moves.removing': 'it is being removed',
  'moves.stopped': 'it is stopped: what it has written is on this host',
  'moves.ended': 'it has ended: what it has written is on this host',
  'moves.autoRemove': 'it was started with --rm: to stop it would remove it',
  'moves.better': 'no other host is better',
  'moves.with': 'it goes with {+name}, which stays: {*why}',
  'moves.brokenOff': 'it was broken off before',
  'moves.removed': 'it was removed meanwhile',
  'moves.others': 'it was moved by somebody else meanwhile',
  'moves.back': 'back on {+host}: {*why}',
  'moves.gone': 'it is gone',
  'moves.refused': 'its engine has refused it',
  'moves.there': 'it is there already',
  'moves.volume': 'no host has reported its volume {+name}',
  'moves.network': 'no host has reported its network {+name}',
} as const;
