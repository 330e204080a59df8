import { Option } from 'commander';
import type { OptionSpec } from './command.ts';

/** A flag of commander's that also knows how a shell completes its value. */
class CompletingOption extends Option {
  completes: 'file' | 'folder' | undefined;
}

export function newOption(spec: OptionSpec): Option {
  const fallback = spec.fallback === undefined ? '' : ` (default: ${spec.fallback})`;
  const option = new CompletingOption(spec.flags, spec.summary + fallback);
  option.completes = spec.completes;
  const flag = option.long ?? spec.flags;
  const { parse } = spec;
  if (spec.choices) option.choices(spec.choices);
  else if (parse) option.argParser((text: string, previous: unknown) => parse(text, previous, flag));
  return option;
}

export function completesOf(option: Option): 'file' | 'folder' | undefined {
  return option instanceof CompletingOption ? option.completes : undefined;
}
