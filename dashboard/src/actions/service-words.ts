import { wordsOf } from '../i18n/text.tsx';

/** What is said of stacks and services by their actions, on their pages and in the palette. */
export const serviceWords = wordsOf(
  {
    stacks: 'Stacks',
    services: 'Services',
    new: 'New stack',
    edit: 'Edit {name}',
    restart: 'Restart',
    'restart.title': 'Restart {name}?',
    'restart.text': 'Its containers are made anew, as many at a time as its update policy says.',
    rollback: 'Roll back',
    'rollback.title': 'Roll {name} back?',
    'rollback.text':
      'The earlier release comes back as a new one. What has gone out since stays in the history.',
    confirm: 'Confirm release',
    'confirm.title': 'Confirm release {n} of {name}?',
    'confirm.text': 'All requests go to the new version, and the containers of the old one go.',
    pause: 'Pause release',
    resume: 'Resume release',
    run: 'Run now',
    scale: 'Scale to {n}',
    'scale.title': 'Stop {name}?',
    'scale.text':
      'With no containers it does not serve: whoever asks for it gets nothing. What its containers have not written to a volume is lost; volumes, routes and releases stay.',
    'scale.type': 'Type {name} to stop it',
    remove: 'Remove',
    'remove.title': 'Remove stack {name}?',
    'remove.text':
      '{n} service goes, with its containers, networks, routes and releases. | {n} services go, with their containers, networks, routes and releases.',
    'remove.type': 'Type {name} to remove it',
  },
  {
    stacks: '应用栈',
    services: '服务',
    new: '新建应用栈',
    edit: '编辑 {name}',
    restart: '重启',
    'restart.title': '重启 {name}？',
    'restart.text': '它的容器会重新创建，每次替换的数量由更新策略决定。',
    rollback: '回滚',
    'rollback.title': '回滚 {name}？',
    'rollback.text': '较早的发布会作为新的发布恢复；此后的发布仍保留在历史中。',
    confirm: '确认发布',
    'confirm.title': '确认 {name} 的发布 {n}？',
    'confirm.text': '所有请求转到新版本，旧版本的容器会被删除。',
    pause: '暂停发布',
    resume: '继续发布',
    run: '立即运行',
    scale: '伸缩到 {n}',
    'scale.title': '停止 {name}？',
    'scale.text':
      '没有容器就不再提供服务，访问者得不到响应。容器中没有写入卷的内容会丢失；卷、路由和发布记录会保留。',
    'scale.type': '输入 {name} 以确认停止',
    remove: '删除',
    'remove.title': '删除应用栈 {name}？',
    'remove.text': '{n} 个服务会被删除，连同其容器、网络、路由和发布记录。',
    'remove.type': '输入 {name} 以确认删除',
  },
);

export type ServiceText = (
  key: keyof (typeof serviceWords)['en'],
  values?: Readonly<Record<string, string | number>>,
) => string;
