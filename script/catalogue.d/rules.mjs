// What holds for a vendor's models: which are left out, which names are one model's, and what the sources do not say.
// Each rule tells where it is from.

// Not for conversations, or not by an API that we speak.
const skip = /(^|[-/.])(audio|realtime|transcribe|tts|image|embed|embedding|moderation|whisper|ocr|live|omni|robotics|deep-research|codex|computer-use|search-preview|guard|safeguard|cyber|vision-preview|1106-vision-preview|nano-banana|aqa|fim|maas|customtools)(\d|[-.:]|$)|:free|:thinking|:extended|^gpt-daybreak|turbo-instruct/;

const openai = {
  skip: /^(ada|babbage|curie|davinci|text-|gpt-oss|dall-e|tts|gpt-live|gpt-chat|chat-latest|.*[-.]ft-|o[13]-mini-high|o4-mini-high|gpt-3\.5-0301|computer-use|o1-pro|o3-pro|gpt-5\.3$)/,
  // Only by /responses, as o1-pro and o3-pro above.
  unspoken: (id, sdk) => sdk.definitions[id] && !sdk.definitions[id].endpoints.includes('chat'),
  bare: true,
  rename: { 'ft:gpt-3.5-turbo-': 'ft:gpt-3.5-turbo' },
  alias: { 'gpt-5.6': 'gpt-5.6-sol' },
  // pi-ai gives 272,000 where a longer prompt costs more; Azure's models are the same and stand at their full length.
  window: ({ id, pi, genai }, { azure }) =>
    pi?.contextWindow === 272000 ? (azure.get(id)?.contextWindow ?? genai?.context_window) : undefined,
  info(info, row, { sdk }) {
    const { capabilities: { language }, requestConfig } = sdk.entry(info.id);
    const preview = /^o1-(mini|preview)$/.test(info.id); /* these two know no developer role and no effort */
    info.reasoning = language.reasoning.support === true;
    info.max_completion_tokens = info.reasoning;
    info.developer_role = requestConfig.language.systemMessageMode === 'developer' && !preview;
    if (info.reasoning) {
      info.no_temperature = language.sampling.temperature !== true;
      info.efforts = preview ? [] : (language.reasoning.efforts ?? info.efforts);
      info.temperature_with_effort_none = typeof language.sampling.temperature === 'object' && info.efforts.includes('none');
      /* OpenAI's reference: "not supported with latest reasoning models o3 and o4-mini". */
      info.no_stop = !/^o1|^o3-mini/.test(info.id);
    } else {
      info.efforts = [];
    }
    info.no_tools = language.tools.usage === false || preview;
    info.no_tools_with_reasoning = info.reasoning && !language.endpoints.chat.functionToolsWithReasoning;
    if (sdk.ids.has(info.id) && language.inputs.image === true) info.no_images = false;
    if (/^(chatgpt-4o|gpt-4\.5|ft:gpt-4o)/.test(info.id)) info.no_images = false;
    info.tokenizer = /^(ft:)?gpt-(3\.5|35|4($|-))/.test(info.id) ? 'cl100k_base' : 'o200k_base';
    info.retired = gone(info, row, sdk) && !info.id.startsWith('ft:');
  },
};

const CLAUDE = /^claude-(?:(?:opus|sonnet|haiku|fable|mythos)-)?(\d+)(?:-(\d)(?!\d))?/;

const anthropic = {
  rename: { 'claude-3-5-haiku-latest': 'claude-3-5-haiku', 'claude-3-7-sonnet-latest': 'claude-3-7-sonnet',
    'claude-3-opus-latest': 'claude-3-opus' },
  skip: /^claude-(v1|2)$/,
  alias: { 'claude-opus-4': 'claude-opus-4-0', 'claude-sonnet-4': 'claude-sonnet-4-0' },
  // "One-hour cache writes cost 2x the base input price" (Anthropic's pages on caching).
  price(price) {
    if (price.cache_write >= 0 && price.cache_write_1h < 0) price.cache_write_1h = 2 * price.input;
  },
  info(info, row, { sdk }) {
    /* Older ones are known to the AI SDK under their dated ids only. */
    const id = sdk.ids.has(info.id) ? info.id : ([...sdk.ids].find((known) => known.startsWith(`${info.id}-20`)) ?? info.id);
    const { capabilities: { language }, requestConfig, providerOptions } = sdk.entry(id);
    if (requestConfig.language.knownModel) info.output_max = requestConfig.language.maxOutputTokens;
    info.reasoning = row.pi?.reasoning ?? row.lens?.reasoning ?? sdk.ids.has(id);
    info.no_images = false; /* all since Claude 3 see */
    info.no_temperature = language.sampling.temperature !== true;
    info.no_forced_tool_choice = !language.tools.forcedChoice;
    info.efforts = [];
    if (providerOptions.language.effort === true)
      info.efforts = language.reasoning.efforts ?? ['low', 'medium', 'high', ...(language.reasoning.adaptive ? ['max'] : [])];
    if (info.reasoning) {
      if (language.reasoning.budget) info.thinking.push('budget');
      if (language.reasoning.adaptive) info.thinking.push('adaptive');
      if (!language.reasoning.canDisable) info.thinking.push('always');
    }
    /* From 4.6 on the last message must be the user's (Anthropic's migration guide). */
    const [, major, minor] = CLAUDE.exec(info.id);
    info.prefill = Number(major) < 4 || (Number(major) === 4 && Number(minor ?? 0) < 6);
    info.retired = gone(info, row, sdk);
  },
};

const google = {
  skip: /^(claude|deep-research|gemini-flash-1\.5|gemini-pro|gemma-(2|3|3n)|gemini-1\.0)/,
  rename: { 'gemini-flash-1.5-8b': 'gemini-1.5-flash-8b' },
  free: /^gemma-4/, /* "free of charge, no paid tier" */
  drop: ['gemini-flash-1.5', 'gemini-pro-1.5', 'gemini-2.5-flash-preview'],
  priceOf: { 'gemini-1.5-pro': 'gemini-pro-1.5' }, /* the same prices, and the cache's */
  info(info, row, { sdk }) {
    const { capabilities: { language }, requestConfig } = sdk.entry(info.id);
    if (!info.id.startsWith('gemini')) return;
    info.no_images = false;
    info.reasoning = row.pi?.reasoning ?? row.lens?.reasoning ?? /gemini-(3|4)/.test(info.id);
    info.efforts = [];
    if (info.reasoning) {
      const level = requestConfig.language.thinkingFormat === 'level';
      info.thinking.push(level ? 'level' : 'budget');
      if (level) info.efforts = language.reasoning.efforts;
      else info.thinking_budget_max = language.reasoning.maxBudget;
      if (level || language.reasoning.minBudget > 0) info.thinking.push('always');
    }
    info.retired = gone(info, row, sdk) || info.retired;
  },
};

const mistral = {
  skip: /^(devstral-small|mistral-small-24b|mistral-small-3\.|mistral-vibe|mistral-code|labs-|codestral$)/,
  rename: { 'mistral-7b': 'open-mistral-7b', 'mistral-nemo': 'open-mistral-nemo', 'mixtral-8x7b': 'open-mixtral-8x7b',
    'mixtral-8x22b-instruct': 'open-mixtral-8x22b', 'voxtral-small-24b-2507': 'voxtral-small-2507',
    'magistral-medium': 'magistral-medium-latest', 'magistral-small': 'magistral-small-latest', 'mistral-medium-3-1': 'mistral-medium-2508' },
  drop: ['voxtral-mini-2602'],
  alias: { 'mistral-medium': 'mistral-medium-latest', 'mistral-nemo': 'open-mistral-nemo', 'mistral-7b': 'open-mistral-7b',
    'mistral-tiny': 'open-mistral-7b', 'mistral-medium-3': 'mistral-medium-latest', 'mistral-medium-3-5': 'mistral-medium-latest',
    'mistral-medium-3.5': 'mistral-medium-latest', 'mistral-large-4-0': 'mistral-large-4' },
  priceOf: { 'ministral-14b-latest': 'ministral-14b-2512' },
  lensOf: { 'magistral-small-latest': 'magistral-small', 'mistral-large': 'mistral-large-latest', 'open-mistral-nemo': 'mistral-nemo' },
  bare: true,
  info(info, row, { sdk }) {
    info.prefill = true; /* `prefix` of an assistant's message, for all models */
    const entry = sdk.ids.has(info.id) && sdk.entry(info.id).capabilities.language;
    if (entry && !row.pi) {
      info.reasoning = entry.reasoning.support;
      info.efforts = [...entry.reasoning.efforts];
      info.no_images = entry.inputs.image !== true;
    }
    info.retired = gone(info, row, sdk) || info.retired;
  },
};

// The vendors' lists of this autumn, as the AI SDK and pi-ai have them, no longer name it.
function gone(info, row, sdk) {
  if (row.pi) return false;
  const names = [info.id, ...row.aliases];
  return ![...sdk.ids].some((id) => names.some((name) => id === name || id.startsWith(`${name}-20`)));
}

const others = {
  deepseek: { skip: /^deepseek-v3/ }, /* not what its own API calls them */
  xai: { rename: { 'grok-4-0709': 'grok-4', 'grok-2-1212': 'grok-2', 'grok-2-vision-1212': 'grok-2-vision' } },
  zai: { skip: /^GLM/, free: /^glm-4\.5-flash$/ },
};

export const RULES = { skip, vendors: { openai, anthropic, google, mistral, ...others } };
