// Writes the table of models, src/model/catalogue_data.inc, from the packages beside this file. Only facts are
// taken: ids, sizes, prices, flags. Run it by script/catalogue.
//
// Which source counts for what:
//  - prices: genai-prices (tiers, cache writes), unless pi-ai, which is newer, says another price; where both are
//    silent tokenlens, which is good for old models;
//  - windows and output limits: pi-ai, then genai-prices, then tokenlens; for Claude the AI SDK's limits first;
//  - what a model accepts: the AI SDK's catalogues, then pi-ai, then tokenlens.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packageOf, sources } from './sources.mjs';
import { RULES } from './rules.mjs';
import { versionless } from './names.mjs';

const require = createRequire(import.meta.url);
const out = new URL('../../src/model/catalogue_data.inc', import.meta.url);
const check = process.argv.includes('--check');
const old = existsSync(out) ? readFileSync(out, 'utf8') : '';
const dateOfOld = /on (\d{4}-\d\d-\d\d)/.exec(old)?.[1];
// Some prices begin on a day: the check asks for the table of the day that it was made.
const today = (check && dateOfOld) || new Date().toISOString().slice(0, 10);

const MICRO = (dollars) => {
  if (dollars === undefined || dollars === null) return -1;
  const micro = Math.round(dollars * 1e6);
  if (Math.abs(micro - dollars * 1e6) > 1e-3) throw new Error(`price ${dollars} is no whole number of microdollars`);
  return micro;
};

/* --- prices --- */

const KINDS = { input: 'input_mtok', cache_read: 'cache_read_mtok', cache_write: 'cache_write_mtok',
  cache_write_1h: 'cache_write_1h_mtok', output: 'output_mtok' };

// Of prices by date the one that holds today; of prices by time of day the highest, so that no call costs more than
// was reckoned with.
function current(prices) {
  if (!Array.isArray(prices)) return prices;
  let now;
  for (const { constraint, prices: p } of prices)
    if (!constraint || (constraint.type === 'start_date' && constraint.start_date <= today)) now = p;
  const base = (p) => p?.input_mtok?.base ?? p?.input_mtok ?? 0;
  for (const { constraint, prices: p } of prices)
    if (constraint?.type === 'time_of_date' && base(p) > base(now)) now = p;
  return now;
}

function fromGenai(model) {
  const prices = current(model?.prices);
  if (!prices || prices.input_mtok === undefined || prices.output_mtok === undefined) return undefined;
  const price = {};
  const tiers = new Map();
  for (const [kind, key] of Object.entries(KINDS)) {
    const value = prices[key];
    price[kind] = MICRO(value?.base ?? value);
    for (const tier of value?.tiers ?? []) tiers.set(tier.start, {});
  }
  for (const [start, tier] of tiers)
    for (const [kind, key] of Object.entries(KINDS)) {
      const value = prices[key];
      const reached = (value?.tiers ?? []).filter((t) => t.start <= start).at(-1);
      tier[kind] = MICRO(reached?.price ?? value?.base ?? value);
    }
  return { price, tiers: [...tiers].map(([above, p]) => ({ above, price: p })).sort((a, b) => a.above - b.above) };
}

// A 0 for the cache means that there is no price for it; 0 for all means free only where a rule says so.
function fromPi(cost, free) {
  if (!cost || (cost.input === 0 && cost.output === 0 && !free)) return undefined;
  const one = (c) => {
    const cache = (value) => (value > 0 || c.input === 0 ? MICRO(value) : -1);
    return { input: MICRO(c.input), cache_read: cache(c.cacheRead), cache_write: cache(c.cacheWrite),
      cache_write_1h: -1, output: MICRO(c.output) };
  };
  return { price: one(cost), tiers: (cost.tiers ?? []).map((t) => ({ above: t.inputTokensAbove, price: one(t) })) };
}

function fromLens(cost, free) {
  if (!cost || (cost.input === 0 && cost.output === 0 && !free)) return undefined;
  return { price: { input: MICRO(cost.input), cache_read: MICRO(cost.cache_read), cache_write: MICRO(cost.cache_write),
    cache_write_1h: -1, output: MICRO(cost.output) }, tiers: [] };
}

function priceOf(row, vendor) {
  const genai = fromGenai(row.genaiPrice ?? row.genai);
  const free = vendor.rules.free?.test(row.id);
  const pi = fromPi(row.pi?.cost, free);
  const lens = fromLens(row.lens?.cost, free);
  let chosen = genai ?? pi ?? lens;
  if (genai && pi && (genai.price.input !== pi.price.input || genai.price.output !== pi.price.output)) {
    console.error(`${vendor.name}/${row.id}: genai-prices ${genai.price.input}/${genai.price.output}, ` +
      `pi-ai ${pi.price.input}/${pi.price.output}: the newer, pi-ai, counts`);
    chosen = pi;
  }
  if (!chosen) return { price: undefined, tiers: [] };
  const at = chosen.price;
  for (const other of [pi?.price, lens?.price])
    if (other && at.cache_read < 0 && other.input === at.input && other.cache_read < other.input && chosen.tiers.length === 0) at.cache_read = other.cache_read;
  for (const p of [chosen.price, ...chosen.tiers.map((t) => t.price)]) vendor.rules.price?.(p);
  return chosen;
}

/* --- rows: one for each model that has figures or rules of its own --- */

function rowsOf(vendor) {
  const { genai, pi, lens, sdk, rules } = vendor;
  const wanted = (id) => /^[\w.@/:-]+$/.test(id) && !RULES.skip.test(id) && !rules.skip?.test(id) && !rules.unspoken?.(id, sdk);
  const known = (id) => pi.has(id) || lens.has(id) || sdk?.ids.has(id);
  const rows = new Map();
  const names = new Map(); /* id or alias to row */
  const add = (id, fields) => {
    const row = { id, aliases: new Set(), seen: new Set(), ...fields };
    rows.set(id, row);
    names.set(id, row);
    return row;
  };
  const alias = (row, name) => {
    if (names.has(name)) return;
    row.aliases.add(name);
    names.set(name, row);
  };
  const find = (id) => {
    for (const form of versionless(vendor.name, id)) if (names.has(form)) return names.get(form);
    return undefined;
  };

  for (const model of genai) {
    const id = rules.rename?.[model.id] ?? model.id;
    if (!wanted(id)) continue;
    if (rules.drop?.includes(model.id)) continue;
    const hasPrice = fromGenai(model) !== undefined;
    if (!hasPrice && !known(id)) continue;
    /* Of the smaller vendors' models those that somebody keeps data of. */
    if (!sdk && !model.context_window && !known(id)) continue;
    add(id, { genai: model });
  }
  const equals = (match) => (match.or ?? [match]).flatMap((m) => (m.equals ? [m.equals] : []));
  const listed = [...rows.values()].flatMap((row) => equals(row.genai.match).map((name) => ({ row, name })))
    .filter(({ name }) => wanted(name));
  const dated = (name, row) => name.startsWith(`${row.id}-`) && /^\d{4}$/.test(name.slice(row.id.length + 1));
  const dashed = (name) => name.replaceAll('.', '-');
  const spellings = new Set([...rows.keys(), ...listed.map(({ name }) => name)].filter((n) => n.includes('.')).map(dashed));
  for (const { row, name } of listed)
    if (known(name) && !dated(name, row) && versionless(vendor.name, name.replace(/-latest$/, '')).length === 1 &&
        find(name) === undefined) add(name, { genai: row.genai });
  for (const row of [...rows.values()])
    if (rules.bare && row.id.endsWith('-latest')) alias(row, row.id.replace(/-latest$/, ''));
  for (const { row, name } of listed)
    if (find(name) === undefined && !spellings.has(name) && !/^(x-ai|zai|z-ai)\//.test(name)) alias(row, name);
  for (const [id, model] of pi) {
    if (!wanted(id)) continue;
    const row = find(id);
    if (row && (row.id === id || row.aliases.has(id))) row.pi = model;
    else if (row?.genai && fromGenai(row.genai)?.price.input === MICRO(model.cost.input)) row.pi ??= model;
    else if (row?.pi && row.pi.cost.input === model.cost.input && row.pi.contextWindow === model.contextWindow) continue;
    else add(id, { pi: model });
  }
  for (const id of sdk?.ids ?? []) if (wanted(id) && !find(id)) add(id, {});
  for (const [id, model] of lens) if (names.has(id)) names.get(id).lens = model;
  for (const [id, model] of [...lens].sort(([a], [b]) => (a < b ? 1 : -1))) {
    const row = find(id);
    if (row) row.lens ??= model;
    else if (wanted(id)) add(id, { lens: model });
  }
  for (const id of [...pi.keys(), ...lens.keys(), ...(sdk?.ids ?? [])]) find(id)?.seen.add(id);
  for (const [id, from] of Object.entries(rules.alias ?? {})) {
    if (!rows.has(from)) throw new Error(`${vendor.name}: no ${from} for the alias ${id}`);
    if (names.get(id)?.id === id) rows.delete(id);
    names.get(id)?.aliases.delete(id);
    names.delete(id);
    alias(rows.get(from), id);
  }
  for (const row of rows.values()) {
    row.lens ??= lens.get(rules.lensOf?.[row.id]);
    row.genaiPrice = genai.find((m) => m.id === rules.priceOf?.[row.id]);
    row.genai ??= row.genaiPrice;
    if (rules.bare && row.id.endsWith('-latest')) alias(row, row.id.replace(/-latest$/, ''));
  }
  return [...rows.values()];
}

/* --- what is known of one --- */

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

function piEfforts(pi) {
  const map = pi?.thinkingLevelMap;
  if (!map || pi.compat?.supportsReasoningEffort === false) return [];
  return EFFORTS.filter((e) => (e === 'none' ? map.off === 'none' : map[e] === e));
}

function released(row) {
  if (row.id.endsWith('-latest')) return undefined; /* it moves */
  if (row.lens?.release_date && !row.lens.release_date.endsWith('-01-01')) return row.lens.release_date;
  const dates = [row.id, ...row.aliases, ...row.seen].flatMap((name) => {
    const day = /(20\d\d)-?([01]\d)-?([0-3]\d)$/.exec(name);
    const month = /-(2[3-9])([01]\d)$/.exec(name);
    return day ? [`${day[1]}-${day[2]}-${day[3]}`] : month ? [`20${month[1]}-${month[2]}`] : [];
  });
  return dates.sort()[0];
}

function infoOf(row, vendor) {
  const { pi, lens, genai } = row;
  const info = { vendor: vendor.name, id: row.id, aliases: [...row.aliases].sort().join(' '), released: released(row) };
  info.context_window = vendor.rules.window?.(row, vendor) ?? pi?.contextWindow ?? genai?.context_window ?? lens?.limit?.context ?? 0;
  info.output_max = pi?.maxTokens ?? lens?.limit?.output ?? 0;
  info.reasoning = pi?.reasoning ?? lens?.reasoning ?? false;
  info.efforts = info.reasoning ? piEfforts(pi) : [];
  info.no_temperature = pi?.compat?.supportsTemperature === false;
  info.no_tools = lens?.tool_call === false && !pi;
  info.no_images = !(pi?.input?.includes('image') ?? lens?.modalities?.input?.includes('image') ?? false);
  info.retired = genai?.deprecated === true && !pi;
  info.thinking = [];
  vendor.rules.info?.(info, row, vendor);
  /* As large as the window says that there is no limit of its own. */
  if (info.context_window > 0 && info.output_max >= info.context_window) info.output_max = 0;
  Object.assign(info, priceOf(row, vendor));
  if (info.context_window > 0) info.tiers = info.tiers.filter((tier) => tier.above < info.context_window);
  return info;
}

/* --- the file --- */

const quote = (text) => JSON.stringify(text);
const FLAGS = ['reasoning', 'no_temperature', 'temperature_with_effort_none', 'no_stop', 'max_completion_tokens',
  'developer_role', 'no_tools', 'no_images', 'no_tools_with_reasoning', 'no_forced_tool_choice', 'prefill', 'retired'];

function set(prefix, values) {
  return values.map((v) => `${prefix}${v.toUpperCase()}`).join(' | ');
}
function price(p) {
  return p ? `{${Object.keys(KINDS).map((kind) => p[kind]).join(', ')}}` : '{-1, -1, -1, -1, -1}';
}

function render(info) {
  const first = [`.vendor = ${quote(info.vendor)}, .id = ${quote(info.id)}`];
  if (info.aliases) first.push(`.aliases = ${quote(info.aliases)}`);
  if (info.released) first.push(`.released = ${quote(info.released)}`);
  if (info.tokenizer) first.push(`.tokenizer = ${quote(info.tokenizer)}`);
  const second = [];
  if (info.context_window) second.push(`.context_window = ${info.context_window}`);
  if (info.output_max) second.push(`.output_max = ${info.output_max}`);
  second.push(`.price = ${price(info.price)}`);
  const lines = [first.join(', '), second.join(', ')];
  if (info.tiers.length > 2) throw new Error(`${info.id} has more than two tiers`);
  if (info.tiers.length > 0)
    lines.push(`.tiers = {${info.tiers.map((t) => `{${t.above}, ${price(t.price)}}`).join(', ')}}`);
  const sets = [];
  const last = FLAGS.filter((flag) => info[flag]).map((flag) => `.${flag} = true`);
  if (info.efforts.length) sets.push(`.efforts = ${set('MODEL_EFFORT_', info.efforts)}`);
  if (info.thinking.length) sets.push(`.thinking = ${set('MODEL_THINKING_', info.thinking)}`);
  if (info.thinking_budget_max) sets.push(`.thinking_budget_max = ${info.thinking_budget_max}`);
  if (sets.length) lines.push(sets.join(', '));
  if (last.length) lines.push(last.join(', '));
  return `{${lines.join(',\n ')}},\n`;
}

const order = (a, b) => a.id.localeCompare(b.id, 'en', { numeric: true });
const vendors = await sources();
let text = '';
let count = 0;
for (const vendor of vendors) {
  vendor.rules = RULES.vendors[vendor.name] ?? {};
  const infos = rowsOf(vendor).map((row) => infoOf(row, vendor)).sort(order);
  count += infos.length;
  text += `\n/* ${vendor.name} */\n${infos.map(render).join('')}`;
}
// Facts may be taken from anybody, but whoever reads these files should find what he may look up and copy.
const LICENCES = ['MIT', 'Apache-2.0'];
const made = Object.keys(require('./package.json').dependencies).filter((name) => name !== 'amaro').map((name) => {
  const { version, license } = packageOf(name);
  if (!LICENCES.includes(license)) throw new Error(`${name} has the licence ${license}`);
  return ` *  - ${name} ${version} (${license})\n`;
}).join('');
const whole = `/* Facts of ${count} models, made by script/catalogue on ${today}: do not edit. From\n${made} */
#define CATALOGUE_DATE "${today}"\n${text}`;

if (check) {
  if (old !== whole) {
    console.error('catalogue: src/model/catalogue_data.inc is not what script/catalogue makes');
    process.exit(1);
  }
} else {
  writeFileSync(out, whole);
  console.error(`catalogue: wrote ${count} models`);
}
