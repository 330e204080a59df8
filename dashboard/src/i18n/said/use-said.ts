import { useQuery } from '@tanstack/react-query';
import { useLanguage } from '../text.tsx';

/** The manager's sentences as the page's language has them; in the manager's own until those have come. */
export function useSaid(): (text: string) => string {
  const { language } = useLanguage();
  const { data } = useQuery({
    queryKey: ['said', language],
    queryFn: async () => {
      const { inChinese } = await import('./zh.ts');
      return { said: inChinese };
    },
    enabled: language === 'zh',
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return (language === 'zh' && data?.said) || asItIs;
}

const asItIs = (text: string) => text;
