/** What a person has to know about the end of a model's answer. Pure. */

/** How providers and BooCode name the same ends. @type {Record<string, string>} */
const NAMES = {
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filter: 'refused',
  refusal: 'refused',
  safety: 'refused',
  error: 'error',
  tool_call: 'calls',
  tool_calls: 'calls',
  tool_use: 'calls',
};

/**
 * @typedef {{words: string, action: ''|'Continue'|'Ask again'}} Ending `action`: what the person may want to do about it
 *
 * @param {{status?: string, content?: string, tool_calls?: any[]|null, metadata?: any}} step
 * @returns {Ending|null} null where nothing is odd about it
 */
export function endingOf({ status, content = '', tool_calls, metadata }) {
  if (status !== 'complete') return null;
  const reason = NAMES[String(metadata?.finish_reason ?? '').toLowerCase()];
  const calls = tool_calls?.length ?? 0;
  if (reason === 'length') return { words: 'Cut off: the model’s output limit.', action: calls ? '' : 'Continue' };
  if (reason === 'refused') return { words: 'The model or its provider refused to answer this.', action: '' };
  if (reason === 'error')
    return { words: 'Cut off: the provider ended the answer with an error.', action: 'Ask again' };
  if (calls) return null;
  if (reason === 'calls') return { words: 'The model wanted to use a tool, and named none.', action: 'Ask again' };
  if (content.trim()) return null;
  const only = metadata?.reasoning ? 'The model only thought, and answered nothing.' : 'The model answered nothing.';
  return { words: only, action: 'Ask again' };
}
