import { wordsOf } from '../../i18n/text.tsx';

export const words = wordsOf(
  {
    all: 'Show all {n}',
    fewer: 'Show fewer',
    more: 'and one more | and {n} more',
    'severity.bad': 'Failing',
    'severity.warn': 'Warning',
    'see.host': 'See hosts',
    'see.service': 'See services',
    'see.route': 'See routes',
    'see.certificate': 'See certificates',
    'see.container': 'See containers',
    'see.orphan': 'Adopt or remove',
    'see.cluster': 'See hosts',
  },
  {
    all: '显示全部 {n} 件',
    fewer: '收起',
    more: '还有 {n} 件',
    'severity.bad': '故障',
    'severity.warn': '警告',
    'see.host': '查看主机',
    'see.service': '查看服务',
    'see.route': '查看路由',
    'see.certificate': '查看证书',
    'see.container': '查看容器',
    'see.orphan': '接管或删除',
    'see.cluster': '查看主机',
  },
);
